// Package layout draws what surrounds a page: head, sidebar, top bar, messages. Pages without a sign-in
// have a plain frame without a sidebar.
package layout

import (
	"strings"
	"time"

	"sallyport/views/help"
	"sallyport/views/parts"
)

// Chrome is what the frame of a page shows. One function of the handlers makes it.
type Chrome struct {
	Title     string // of the page; the browser's tab shows it before the name of the product
	Section   string // key of the navigation entry that is current; "" for none
	Path      string // of this page, for forms that return to it
	Help      string // URL of the page of the help about this one
	Theme     string // "light", "dark", or "" for the preference of the browser
	User      string // user name; "" without a sign-in
	Role      string
	MayChange bool
	Flashes   []Flash
	Banner    Banner
	Product   string
	Now       time.Time // time of the request; relative times are relative to it
}

// Banner is shown on every page while the node has a fault. Where scripts run it appears and disappears
// without a reload.
type Banner struct {
	Fault     string // a sentence; empty: the node works
	Since     time.Time
	Held      []HeldLookUp
	Providers []ProviderTrouble
	Notices   []BannerNotice
	// Reports are the newest sign-ins that users reported as not theirs; MoreReports tells that there are more.
	Reports     []UserReported
	MoreReports bool
	Live        parts.Live

	Endpoints int // endpoints with a fault: their number stands in the menu
}

// Says tells whether the banner has something to say.
func (b Banner) Says() bool {
	return b.Fault != "" || len(b.Held)+len(b.Providers)+len(b.Notices)+len(b.Reports) > 0
}

// HeldLookUp is a look-up of a directory's users that waits for an administrator.
type HeldLookUp struct {
	Label          string // of the directory
	Sentence, Href string
	Since          time.Time
}

// BannerNotice is something that an administrator has to do in time.
type BannerNotice struct {
	Urgent         bool
	Heading        string
	Sentence, Href string
	Link           string // what Href leads to
}

// UserReported is a sign-in that was not the user's.
type UserReported struct {
	Label          string // of the user
	Sentence, Href string
	Since          time.Time
}

// ProviderTrouble is what is wrong with a SAML provider.
type ProviderTrouble struct {
	Label     string
	Sentences []string
	Href      string
}

// SearchPath is the URL of the search of everything.
const SearchPath = "/search"

// TroubleCountID is the element of the menu with the number of endpoints that have a fault.
const TroubleCountID = "trouble-count"

// BannerPath is the URL of the banner alone.
const BannerPath = "/node/banner"

// Flash is a message that the last action left for this page.
type Flash struct {
	Tone string // success, warning, danger
	Text string
	Next []FlashLink // the next steps
}

// FlashLink is a next step.
type FlashLink struct {
	Label string
	Href  string
}

// entry is a line of the navigation.
type entry struct{ key, label, href, icon string }

// menuGroup is a part of the navigation under a heading; without a label it has none.
type menuGroup struct {
	label   string
	entries []entry
}

func (g menuGroup) id() string { return "menu-" + strings.ToLower(g.label) }

// navigation is the sidebar, top to bottom. The labels are those of the guide where it has them.
var navigation = []menuGroup{
	{"", []entry{
		{"overview", "Overview", "/", "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z"},
	}},
	{"VPN", []entry{
		{"endpoints", "Client VPN endpoints", "/endpoints", "M5 20V10a7 7 0 0 1 14 0v10zM12 13v3"},
		{"connections", "Connections", "/connections", "M3 12h4l3 7 4-14 3 7h4"},
		{"networks", "Networks", "/networks", "M9 4h6v5H9zM3 15h6v5H3zM15 15h6v5h-6zM12 9v3M6 15v-3h12v3"},
	}},
	{"Access", []entry{
		{"users", "Users and groups", "/users", "M9 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM3 20a6 6 0 0 1 12 0M16 5.2a3 3 0 0 1 0 5.6M17.5 14.5A6 6 0 0 1 21 20"},
		{"identity", "Identity providers", "/identity-providers", "M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6zM9 12l2 2 4-4"},
		{"portal", "Self-service portal", "/self-service-portal", "M4 5h16v11H4zM9 20h6M12 16v4M12 7.5v5m0 0 2-2m-2 2-2-2"},
		{"certificates", "Certificates", "/certificates", "M4 4h16v11H4zM8 8h8M8 11h4M14 15v6l2-1.5 2 1.5v-6"},
	}},
	{"System", []entry{
		{"administrators", "Administrators", "/administrators", "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21a8 6 0 0 1 16 0"},
		{"node", "Node", "/node", "M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.01M8 16.5h.01"},
		{"settings", "Settings", "/settings", "M4 7h16M4 12h16M4 17h16M9 5v4M15 10v4M7 15v4"},
	}},
	{"Help", []entry{
		{"start", "Getting started", "/getting-started", "M5 4v16M5 5h11l-2 4 2 4H5"},
		{"help", "Documentation", help.Path, "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5h.01"},
	}},
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
