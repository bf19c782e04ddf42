package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// statusOf translates the domain's kinds of error into HTTP.
var statusOf = map[vpn.Kind]int{
	vpn.Internal:    http.StatusInternalServerError,
	vpn.Invalid:     http.StatusUnprocessableEntity,
	vpn.NotFound:    http.StatusNotFound,
	vpn.Conflict:    http.StatusConflict,
	vpn.Stale:       http.StatusConflict,
	vpn.Denied:      http.StatusForbidden,
	vpn.Unavailable: http.StatusServiceUnavailable,
	vpn.Throttled:   http.StatusTooManyRequests,
}

// titles are the titles of the error pages.
var titles = map[int]string{
	http.StatusBadRequest:            "Bad request",
	http.StatusForbidden:             "Not allowed",
	http.StatusNotFound:              "Not found",
	http.StatusMethodNotAllowed:      "Method not allowed",
	http.StatusConflict:              "Not possible now",
	http.StatusRequestEntityTooLarge: "Request too large",
	http.StatusUnsupportedMediaType:  "Unsupported content type",
	http.StatusMisdirectedRequest:    "Unknown host name",
	http.StatusUnprocessableEntity:   "Not saved",
	http.StatusTooManyRequests:       "Too many attempts",
	http.StatusServiceUnavailable:    "Not available now",
	http.StatusInternalServerError:   "Something went wrong",
}

// sentences stand on the error page where the error itself has none for users.
var sentences = map[int]string{
	http.StatusNotFound:             "There is no page at this address.",
	http.StatusMethodNotAllowed:     "This address does not support the method of the request. Go back and use the links and buttons of the page.",
	http.StatusUnsupportedMediaType: "This address accepts the forms of this console only.",
	http.StatusInternalServerError:  "Sallyport could not complete the request. Its log has the details under the request ID below.",
}

// fault is the content of an error page.
type fault struct {
	title, text, code string
	details           []string
}

// faultOf gives the status of an error and the content of its page. Where the error has no text for users, that of
// its status in sentences stands.
func faultOf(err error, sentences map[int]string) (int, fault) {
	status, f := http.StatusInternalServerError, fault{}
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		status, f.text, f.code = statusOf[e.Kind], e.Msg, string(vpn.ShownCode(e))
		for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
			f.details = append(f.details, e.Fields[name])
		}
	} else if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
		if f.text = sentences[status]; f.text == "" {
			f.text = fmt.Sprintf("The request is larger than %d KiB, which is the limit of this console. Nothing was saved.", e.Limit/1024)
		}
	} else if e, ok := errors.AsType[unknownHost](err); ok {
		status, f.text = http.StatusMisdirectedRequest, e.sentence
	} else if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		status = e.Code
	}
	if status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
		f.text, f.details = "", nil // the text of an internal error is for the log
	}
	if f.title = titles[status]; f.title == "" {
		f.title = http.StatusText(status)
	}
	if f.text == "" {
		if f.text = sentences[status]; f.text == "" {
			f.text = "The request could not be answered."
		}
	}
	return status, f
}

// retryLater says when to try again what is not possible now.
func retryLater(c echo.Context, status int) {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "30")
	}
}

// errorHandler answers every error with a page, and logs internal ones, once.
func errorHandler(log *slog.Logger, console *admin.Console) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		status, f := faultOf(err, sentences)
		shown := views.Failure{Title: f.title, Text: f.text, Code: f.code, Details: f.details}
		gone := errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil
		if status >= http.StatusInternalServerError && !gone {
			shown.Request = requestID(c)
			log.ErrorContext(c.Request().Context(), "request failed", "method", c.Request().Method, "route", c.Path(),
				"status", status, "err", err, "cause", errors.Unwrap(err), "request_id", requestID(c))
		}
		if c.Response().Committed || gone {
			return
		}
		retryLater(c, status)
		if err := console.Pages.Failure(c, status, shown); err != nil {
			log.ErrorContext(c.Request().Context(), "error page was not rendered", "err", err, "request_id", requestID(c))
			_ = c.String(status, f.title+"\n"+f.text+"\n")
		}
	}
}
