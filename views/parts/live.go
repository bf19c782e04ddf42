package parts

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Live is a part of a page that renews itself where scripts run: htmx requests Self and replaces the
// part with the answer. Seen is a digest of what the part shows. While the digest does not change the
// server answers 204, so that neither the keyboard focus nor a screen reader is disturbed.
type Live struct {
	ID    string
	Self  string        // address that draws the part, usually of the whole page
	Seen  string        // sent along as the query parameter "seen"
	Every time.Duration // whole seconds
	Also  []string      // IDs of elements outside the part that come with the same answer
}

func (l Live) href() string {
	u, err := url.Parse(l.Self)
	if err != nil {
		return l.Self
	}
	q := u.Query()
	q.Set("seen", l.Seen)
	u.RawQuery = q.Encode()
	return u.String()
}

// Attributes make htmx renew the part. The form controls inside are sent with each request, so that
// ticked boxes survive. app.js finds the part by data-live.
func (l Live) Attributes() templ.Attributes {
	a := templ.Attributes{
		"id": l.ID, "hx-get": l.href(), "hx-trigger": "every " + l.Every.String(), "hx-swap": "outerHTML",
		"hx-select": "#" + l.ID, "hx-include": "this", "data-live": true,
	}
	if len(l.Also) > 0 {
		a["hx-select-oob"] = "#" + strings.Join(l.Also, ",#")
	}
	return a
}
