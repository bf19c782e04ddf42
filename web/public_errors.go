package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// publicSentences stand on the error page of the public pages where the error itself has none for users.
var publicSentences = map[int]string{
	http.StatusNotFound:              "There is no page at this address. If your VPN client led you here, start the connection again.",
	http.StatusMethodNotAllowed:      "This address cannot be used in this way. Start the connection in your VPN client again.",
	http.StatusUnsupportedMediaType:  "This address accepts forms only.",
	http.StatusRequestEntityTooLarge: "More was sent to this address than it accepts. If this happened after you signed in, ask the administrators of your VPN to have your identity provider send fewer groups.",
	http.StatusInternalServerError:   "The request could not be completed. Start the connection in your VPN client again.",
}

// publicErrorHandler answers every error with a page, and logs internal ones, once.
func publicErrorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		status, f := faultOf(err, publicSentences)
		gone := errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil
		shown := views.Failure{Title: f.title, Text: f.text, Code: f.code, Details: f.details}
		if vpn.CodeOf(err) == vpn.CodeBrowserLinkInvalid {
			shown.Title = "This sign-in is over"
		}
		if status >= http.StatusInternalServerError && !gone {
			shown.Request = requestID(c)
			log.ErrorContext(c.Request().Context(), "public request failed", "method", c.Request().Method, "route", c.Path(),
				"status", status, "err", err, "cause", errors.Unwrap(err), "request_id", requestID(c))
		}
		if c.Response().Committed || gone {
			return
		}
		retryLater(c, status)
		if err := page.Failure(c, status, shown); err != nil {
			log.ErrorContext(c.Request().Context(), "error page was not rendered", "err", err, "request_id", requestID(c))
			_ = c.String(status, f.title+"\n"+f.text+"\n")
		}
	}
}
