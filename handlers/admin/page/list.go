package page

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// ListCookie holds how this browser shows lists: "<rows a page>.<density>". It identifies no account.
const ListCookie = "sallyport-list"

type listInput struct {
	Size    string `form:"size"`
	Density string `form:"density"`
	Return  string `form:"return"`
}

// ChooseList keeps the number of rows of a page and their height in a cookie.
func ChooseList(c echo.Context) error {
	var in listInput
	if err := Bind(c, &in); err != nil {
		return err
	}
	size, err := strconv.Atoi(in.Size)
	if err != nil || !slices.Contains(parts.PageSizes, size) || in.Density != "compact" && in.Density != "comfortable" {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure where the page is
		Name: ListCookie, Value: in.Size + "." + in.Density, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Scheme() == "https",
	})
	return c.Redirect(http.StatusSeeOther, LocalPath(in.Return, "/"))
}

// listLook is what the cookie says; 0 rows where it says nothing.
func listLook(c echo.Context) (size int, comfortable bool) {
	cookie, err := c.Cookie(ListCookie)
	if err != nil {
		return 0, false
	}
	rows, density, _ := strings.Cut(cookie.Value, ".")
	size, err = strconv.Atoi(rows)
	if err != nil || !slices.Contains(parts.PageSizes, size) {
		size = 0
	}
	return size, density == "comfortable"
}

// ListView is the table of a list, without its columns, for what was requested and found.
func ListView[T any](c echo.Context, l vpn.List, page vpn.Page[T]) parts.List {
	_, comfortable := listLook(c)
	picked := map[string]bool{}
	for _, id := range Picked[string](c) {
		picked[id] = true
	}
	return parts.List{
		Picked: picked, AllOn: c.QueryParam("pick") == "all",
		Path: c.Request().URL.Path, Search: l.Search, Sort: l.Sort, Desc: l.Desc,
		Page: page.Number, Pages: page.Pages(), Total: page.Total, Size: l.Size, Comfortable: comfortable,
		Long: page.Long, More: page.More, Next: page.Next, Prev: page.Prev,
	}
}

// Narrow reads the filters of a list from the query. A value that a filter does not offer is ignored.
func Narrow(c echo.Context, l *vpn.List, filters ...parts.Filter) []parts.Filter {
	l.Filter = map[string]string{}
	for i, f := range filters {
		value := c.QueryParam(f.Name)
		if f.Text {
			filters[i].Value = textValue(value)
			l.Filter[f.Name] = filters[i].Value
			continue
		}
		if value != "" && slices.ContainsFunc(f.Options, func(o parts.Option) bool { return o.Value == value }) {
			filters[i].Value = value
			l.Filter[f.Name] = value
		}
	}
	return filters
}

// textValue is a filter's value as it can be looked for.
func textValue(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(strings.TrimSpace(s), ""), "\x00", "")
	return strings.ToValidUTF8(s[:min(len(s), maxSearch)], "")
}

// TagFilter narrows a list to what has a tag: "key", or "key=value".
func TagFilter() parts.Filter {
	return parts.Filter{Name: "tag", Label: "Tag (key or key=value)", Text: true}
}

// ChoiceFilter offers values to narrow a list by; all is the choice of none.
func ChoiceFilter(name, label, all string, values ...string) parts.Filter {
	f := parts.Filter{Name: name, Label: label, Options: []parts.Option{{Label: all}}}
	for _, v := range values {
		f.Options = append(f.Options, parts.Option{Value: v, Label: v})
	}
	return f
}

// StateFilter offers states to narrow a list by.
func StateFilter[S ~string](states ...S) parts.Filter {
	f := parts.Filter{Name: "state", Label: "State", Options: []parts.Option{{Label: "Every state"}}}
	for _, s := range states {
		f.Options = append(f.Options, parts.Option{Value: string(s), Label: parts.SentenceCase(string(s))})
	}
	return f
}

// ChosenFilters are the filters of a list as query parameters.
func ChosenFilters(filters []parts.Filter) url.Values {
	v := url.Values{}
	for _, f := range filters {
		if f.Value != "" {
			v.Set(f.Name, f.Value)
		}
	}
	return v
}
