package admin

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// ThemeCookie holds the chosen theme. It says nothing about the person, so it needs no session.
const ThemeCookie = "sallyport-theme"

// chrome makes what surrounds a page: who is signed in, the messages of the last action, and
// what is wrong with the node.
func (h *Console) chrome(c echo.Context, title, section string) layout.Chrome {
	chrome := layout.Chrome{Title: title, Section: section, Path: ownPath(c), Theme: theme(c), Now: h.now()}
	caller, ok := CallerOf(c)
	if !ok {
		return chrome
	}
	chrome.User = caller.Administrator.Username
	chrome.Role = string(caller.Administrator.Role)
	chrome.MayChange = caller.Administrator.Role.MayChange()
	chrome.Flashes = h.takeFlashes(c, caller)
	chrome.Banner = h.nodeBanner(c)
	return chrome
}

// ownPath is where a form that is on every page, such as the theme switch, comes back to. Only
// what was fetched with GET can be fetched again; "" where there is no coming back.
func ownPath(c echo.Context) string {
	r := c.Request()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "/"
	}
	if r.URL.Path == "/setup" { // its query is a secret that has no place in a second form
		return ""
	}
	return r.URL.RequestURI()
}

func theme(c echo.Context) string {
	cookie, err := c.Cookie(ThemeCookie)
	if err != nil || (cookie.Value != "light" && cookie.Value != "dark") {
		return ""
	}
	return cookie.Value
}

// takeFlashes asks the database only where the session is known to hold a message. A page that
// renews itself in another tab leaves the message to the page that it is for.
func (h *Console) takeFlashes(c echo.Context, caller Caller) []layout.Flash {
	if caller.Session.Flash == "" || fragment(c) {
		return nil
	}
	messages, err := h.access.TakeFlashes(ctx(c), caller.Token)
	if err != nil {
		h.log.WarnContext(ctx(c), "messages were not read", "err", err, "request_id", RequestID(c))
		return nil
	}
	var out []layout.Flash
	for _, m := range messages {
		out = append(out, layout.Flash{Tone: m.Kind, Text: m.Text})
	}
	return out
}

// flash leaves a message for the next page. A message that cannot be kept does not undo what it
// tells of, so a failure is logged and no more.
func (h *Console) flash(c echo.Context, tone, text string) {
	caller, ok := CallerOf(c)
	if !ok {
		return
	}
	err := h.access.Flash(ctx(c), caller.Token, access.FlashMessage{Kind: tone, Text: text})
	if err != nil {
		h.log.WarnContext(ctx(c), "message was not kept", "err", err, "request_id", RequestID(c))
	}
}

// done leaves a success message and leads to the page that shows the result.
func (h *Console) done(c echo.Context, text, to string) error {
	h.flash(c, "success", text)
	return c.Redirect(http.StatusSeeOther, to)
}

// localPath gives a path of this console from what a form or link said, or fallback where it is
// anything else: a redirect must never lead away from here.
func localPath(s, fallback string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return fallback
	}
	return s
}

// listView fills a list's frame from what was asked for and what was found.
func listView[T any](c echo.Context, l vpn.List, page vpn.Page[T]) parts.List {
	return parts.List{
		Path: c.Request().URL.Path, Search: l.Search, Sort: l.Sort, Desc: l.Desc,
		Page: page.Number, Pages: page.Pages(), Total: page.Total,
	}
}
