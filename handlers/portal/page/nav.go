package page

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// The pages of the self-service portal.
const (
	ConnectPath = portal.Path
	AccessPath  = portal.Path + "/access"
	DevicesPath = portal.Path + "/devices"
	MFAPath     = portal.MFAPath
)

// entries are the pages in the order of the navigation. shown tells whether a user has the page; nil: every user has.
var entries = []struct {
	views.NavEntry
	shown func(portal.User) bool
}{
	{views.NavEntry{Path: ConnectPath, Label: "Connect", Icon: "connect"}, nil},
	{views.NavEntry{Path: AccessPath, Label: "My access", Icon: "access"}, nil},
	{views.NavEntry{Path: DevicesPath, Label: "Devices", Icon: "devices"}, func(u portal.User) bool { return u.Devices }},
	{views.NavEntry{Path: MFAPath, Label: "MFA", Icon: "mfa"}, func(u portal.User) bool { return u.MFA }},
}

// Nav is the frame of a page that belongs to the entry with a path, for the user of the request.
func Nav(c echo.Context, here string) views.Nav {
	u := User(c)
	n := views.Nav{User: vpn.PrintableText(u.Name), Here: here}
	for _, e := range entries {
		if (e.shown == nil || e.shown(u)) && (!u.Session.ForMFA() || e.Path == MFAPath) {
			n.Entries = append(n.Entries, e.NavEntry)
		}
	}
	return n
}
