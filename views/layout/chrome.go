// Package layout draws what surrounds a page: head, sidebar, top bar, messages. The plain frame
// without a sidebar serves whoever has not signed in.
package layout

import (
	"time"

	"sallyport/views/parts"
)

// Chrome is all that the frame needs to know. One function of the handlers makes it.
type Chrome struct {
	Title     string // of the page; the product's name follows it in the browser's tab
	Section   string // key of the navigation entry that is current; "" for none
	Path      string // of this page, for forms that come back to it
	Theme     string // "light", "dark", or "" for the browser's own wish
	User      string // user name; "" where nobody is signed in
	Role      string
	MayChange bool
	Flashes   []Flash
	Banner    Banner
	Product   string
	Now       time.Time // of the page: relative times are as seen from it
}

// Banner says on every page that the node cannot do what the console shows. It appears and
// disappears by itself where scripts run.
type Banner struct {
	Fault string // a sentence; empty: the node works
	Since time.Time
	Live  parts.Live
}

// BannerPath is where the banner of a page renews itself.
const BannerPath = "/node/banner"

// Flash is a message that the last action left for this page.
type Flash struct {
	Tone string // success, warning, danger
	Text string
}

// entry is a line of the navigation.
type entry struct{ key, label, href, icon string }

// navigation is the sidebar, top to bottom. The labels are the guide's where it has them.
var navigation = []entry{
	{"start", "Getting started", "/", "M5 4v16M5 5h11l-2 4 2 4H5"},
	{"endpoints", "Client VPN endpoints", "/endpoints", "M5 20V10a7 7 0 0 1 14 0v10zM12 13v3"},
	{"networks", "Networks", "/networks", "M9 4h6v5H9zM3 15h6v5H3zM15 15h6v5h-6zM12 9v3M6 15v-3h12v3"},
	{"certificates", "Certificates", "/certificates", "M4 4h16v11H4zM8 8h8M8 11h4M14 15v6l2-1.5 2 1.5v-6"},
	{"administrators", "Administrators", "/administrators", "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21a8 6 0 0 1 16 0"},
	{"settings", "Settings and node", "/settings", "M4 7h16M4 12h16M4 17h16M9 5v4M15 10v4M7 15v4"},
}

func (c Chrome) title() string {
	if c.Title == "" {
		return c.product()
	}
	return c.Title + " – " + c.product()
}

func (c Chrome) product() string {
	if c.Product == "" {
		return "Sallyport"
	}
	return c.Product
}

func flashRole(tone string) string {
	if tone == "danger" {
		return "alert"
	}
	return "status"
}
