package admin

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

// bind reads a posted HTML form into a struct with form tags, and nothing else: no JSON, no
// query, no path, so that a value has one way in.
func bind(c echo.Context, in any) error {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	switch kind {
	case echo.MIMEApplicationForm, echo.MIMEMultipartForm:
	default:
		if c.Request().ContentLength == 0 {
			return nil
		}
		return echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	err := new(echo.DefaultBinder).BindBody(c, in)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	return err
}

// listOf reads what a list is asked for from the query: q, sort, dir, page, size. What makes no
// sense is ignored: these come from links and bookmarks, and a list is a fine answer to them.
func listOf(c echo.Context) vpn.List {
	number := func(name string) int {
		n, err := strconv.Atoi(c.QueryParam(name))
		if err != nil {
			return 0
		}
		return min(max(n, 0), maxPage)
	}
	search := strings.ToValidUTF8(strings.TrimSpace(c.QueryParam("q")), "")
	if len(search) > maxSearch {
		search = strings.ToValidUTF8(search[:maxSearch], "")
	}
	return vpn.List{
		Search: strings.ReplaceAll(search, "\x00", ""), // PostgreSQL takes no NUL in text
		Sort:   word(c.QueryParam("sort")),
		Desc:   c.QueryParam("dir") == "desc",
		Page:   number("page"),
		Size:   number("size"),
	}.Bounded()
}

// find is what was searched for among the choices of a form.
func find(c echo.Context) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(strings.TrimSpace(c.QueryParam("find")), ""), "\x00", "")
	return strings.ToValidUTF8(s[:min(len(s), maxSearch)], "")
}

const (
	maxSearch = 200
	maxPage   = 1_000_000 // far beyond any list; keeps page*size within an int
)

// word lets through what a column's name may look like.
func word(s string) string {
	if len(s) > 32 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return s
}

// belongsInForm tells whether a refusal is shown in the form that caused it rather than on a
// page of its own.
func belongsInForm(err error) bool {
	if err == nil {
		return false
	}
	switch vpn.KindOf(err) {
	case vpn.Invalid, vpn.Conflict, vpn.Stale, vpn.Throttled, vpn.Unavailable:
		return true
	default:
		return false
	}
}

// refusal is the sentence of a refusal; "" for an error that is not for people.
func refusal(err error) string {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Msg
	}
	return ""
}
