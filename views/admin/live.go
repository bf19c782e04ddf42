package admin

import (
	"net/url"

	"github.com/a-h/templ"
)

// Live is a part of a page that renews itself from the page's own address. Seen is a digest of
// what it shows: while the server would draw the same it answers "no content", and neither the
// keyboard's place nor a screen reader is disturbed.
type Live struct {
	ID   string
	Self string // address of the page with its query
	Seen string
}

// renewEvery is how often states, connections and counters are asked for.
const renewEvery = "every 3s"

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

// attributes make htmx renew the part. The state beside the page's title comes with the same
// answer, and ticked boxes travel to the server and back.
func (l Live) attributes(stateToo bool) templ.Attributes {
	a := templ.Attributes{
		"id": l.ID, "hx-get": l.href(), "hx-trigger": renewEvery, "hx-swap": "outerHTML",
		"hx-select": "#" + l.ID, "hx-include": "this",
	}
	if stateToo {
		a["hx-select-oob"] = "#" + endpointStateID + ",#" + AssociationCountID + ",#" + ConnectionCountID
	}
	return a
}
