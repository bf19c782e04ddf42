package page

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/views/help"
	"sallyport/views/layout"
)

// Chrome makes what surrounds a page: who is signed in, the messages of the last action, and
// what is wrong with the node.
func (p *Pages) Chrome(c echo.Context, title, section string) layout.Chrome {
	chrome := layout.Chrome{Title: title, Section: section, Path: ownPath(c), Theme: theme(c), Now: p.now(), Help: help.About(c.Request().URL.Path)}
	caller, ok := CallerOf(c)
	if !ok {
		return chrome
	}
	chrome.User = caller.Administrator.Username
	chrome.Role = string(caller.Administrator.Role)
	chrome.MayChange = caller.Administrator.Role.MayChange()
	chrome.Flashes = p.takeFlashes(c, caller)
	chrome.Banner = p.Banner(c)
	return chrome
}

// ownPath is the path that a form on every page, such as the theme switch, returns to. Only a GET page
// can be requested again. "" means that the page has no such form.
func ownPath(c echo.Context) string {
	r := c.Request()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "/"
	}
	if r.URL.Path == "/setup" { // its query holds a secret, which must not be in a second form
		return ""
	}
	return r.URL.RequestURI()
}

// takeFlashes reads the database only where the session has a message. A page that renews itself in
// another tab does not take it: the message is for the next whole page.
func (p *Pages) takeFlashes(c echo.Context, caller Caller) []layout.Flash {
	if caller.Session.Flash == "" || Fragment(c) {
		return nil
	}
	messages, err := p.access.TakeFlashes(Context(c), caller.Token)
	if err != nil {
		p.log.WarnContext(Context(c), "flash messages were not read", "err", err, "request_id", RequestID(c))
		return nil
	}
	var out []layout.Flash
	for _, m := range messages {
		f := layout.Flash{Tone: m.Kind, Text: m.Text}
		for _, n := range m.Next {
			f.Next = append(f.Next, layout.FlashLink{Label: n.Label, Href: LocalPath(n.Href, "/")})
		}
		out = append(out, f)
	}
	return out
}

// flash stores a message for the next page. A failure is only logged: the change that the message
// reports was made.
func (p *Pages) flash(c echo.Context, message access.FlashMessage) {
	caller, ok := CallerOf(c)
	if !ok {
		return
	}
	err := p.access.Flash(Context(c), caller.Token, message)
	if err != nil {
		p.log.WarnContext(Context(c), "flash message was not stored", "err", err, "request_id", RequestID(c))
	}
}

// Next is the step that follows a success, as a link.
type Next struct {
	Label string // what to do: "Create a subnet"
	Href  string // a path of the console
}

// Done stores a success message, with the next steps where there are any, and redirects to the page that shows the result.
func (p *Pages) Done(c echo.Context, text, to string, next ...Next) error {
	message := access.FlashMessage{Kind: "success", Text: text}
	for _, n := range next {
		message.Next = append(message.Next, access.FlashLink{Label: n.Label, Href: n.Href})
	}
	p.flash(c, message)
	return c.Redirect(http.StatusSeeOther, to)
}

// LocalPath gives s where it is a path of this console, otherwise fallback: a redirect must never lead
// to another site.
func LocalPath(s, fallback string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, "\\") || strings.ContainsFunc(s, unicode.IsControl) {
		return fallback
	}
	return s
}
