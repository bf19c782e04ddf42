package admin

import (
	"time"

	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// InstallerPath is the page of what the portal offers to the users of a platform.
func InstallerPath(p vpn.Platform) string {
	return pathOf("/self-service-portal/installers", string(p))
}

// SelfServicePortal is the page about the self-service portal.
type SelfServicePortal struct {
	Chrome    layout.Chrome
	Tabs      []parts.Tab
	Off       string // why the public pages are not served; empty: they are
	URL       string
	Warning   string // why users do not reach the URL; empty: nothing is known
	Endpoints []PortalEndpoint
	Programs  []PortalProgram
	Megabytes int    // of the largest file
	Logo      string // path; empty: none
	Form      parts.Form
}

// PortalEndpoint is an endpoint with the portal.
type PortalEndpoint struct {
	ID        vpn.EndpointID
	Name, URL string
	Downloads int
}

// PortalProgram is what the portal offers to the users of a platform.
type PortalProgram struct {
	Platform  vpn.Platform
	Installer *vpn.Installer // nil: the pages of the programs' makers
}

// InstallerPage changes what the portal offers to the users of a platform.
type InstallerPage struct {
	Chrome       layout.Chrome
	Header       parts.Header
	Installer    *vpn.Installer // nil: none
	Upload, Link parts.Form
}

// PortalDownloads lists who has downloaded what.
type PortalDownloads struct {
	Chrome layout.Chrome
	Tabs   []parts.Tab
	List   parts.List
	Rows   []PortalDownload
}

// PortalDownload is one configuration file that a user fetched.
type PortalDownload struct {
	User         vpn.UserID // empty: not listed any more
	Name         string
	Endpoint     vpn.EndpointID
	EndpointName string
	At           time.Time
	File         string // present or older
}
