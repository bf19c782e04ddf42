package page

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

// Bind reads a posted HTML form into a struct with form tags. It reads no JSON, query or path, so that
// a value has one source.
func Bind(c echo.Context, in any) error {
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

// ListOf reads the request for a list from the query: q, sort, dir, page, size,
// after, before. Invalid values are
// ignored: they come from links and bookmarks, and the list is still a useful answer.
func ListOf(c echo.Context) vpn.List {
	number := func(name string) int {
		n, err := strconv.Atoi(c.QueryParam(name))
		if err != nil {
			return 0
		}
		return min(max(n, 0), maxPage)
	}
	size := number("size")
	if size == 0 {
		size, _ = listLook(c)
	}
	search := strings.ToValidUTF8(strings.TrimSpace(c.QueryParam("q")), "")
	if len(search) > maxSearch {
		search = strings.ToValidUTF8(search[:maxSearch], "")
	}
	return vpn.List{
		Search: strings.ReplaceAll(search, "\x00", ""), // PostgreSQL takes no NUL in text
		Sort:   columnName(c.QueryParam("sort")),
		Desc:   c.QueryParam("dir") == "desc",
		Page:   number("page"),
		Size:   size,
		After:  place(c.QueryParam("after")),
		Before: place(c.QueryParam("before")),
	}.Bounded()
}

// Find is the search text for the choices of a form.
func Find(c echo.Context) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(strings.TrimSpace(c.QueryParam("find")), ""), "\x00", "")
	return strings.ToValidUTF8(s[:min(len(s), maxSearch)], "")
}

const (
	maxSearch = 200
	maxPlace  = 4096
	maxPage   = 1_000_000 // far beyond any list; keeps page*size within an int
)

// place gives s where it can be a place in a long list, otherwise "".
func place(s string) string {
	if len(s) > maxPlace {
		return ""
	}
	return s
}

// columnName gives s where it can be the name of a column, otherwise "".
func columnName(s string) string {
	if len(s) > 32 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return s
}

// CertificateIDs are the certificates that are chosen in a form, without the empty choices.
func CertificateIDs(values ...string) []vpn.CertificateID {
	var out []vpn.CertificateID
	for _, v := range values {
		if v != "" {
			out = append(out, vpn.CertificateID(v))
		}
	}
	return out
}
