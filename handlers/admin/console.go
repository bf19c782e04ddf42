package admin

import (
	"log/slog"
	"time"

	"sallyport/control"
	accesscontrol "sallyport/control/access"
	"sallyport/control/branding"
	certificatecontrol "sallyport/control/certificate"
	devicecontrol "sallyport/control/device"
	endpointcontrol "sallyport/control/endpoint"
	identitycontrol "sallyport/control/identity"
	"sallyport/control/installer"
	networkcontrol "sallyport/control/network"
	nodecontrol "sallyport/control/node"
	overviewcontrol "sallyport/control/overview"
	probecontrol "sallyport/control/probe"
	quickstartcontrol "sallyport/control/quickstart"
	searchcontrol "sallyport/control/search"
	settingcontrol "sallyport/control/setting"
	tutorialcontrol "sallyport/control/tutorial"
	usercontrol "sallyport/control/user"
	"sallyport/handlers/admin/access"
	"sallyport/handlers/admin/certificate"
	"sallyport/handlers/admin/device"
	"sallyport/handlers/admin/endpoint"
	"sallyport/handlers/admin/help"
	"sallyport/handlers/admin/identity"
	"sallyport/handlers/admin/network"
	"sallyport/handlers/admin/node"
	"sallyport/handlers/admin/overview"
	"sallyport/handlers/admin/page"
	"sallyport/handlers/admin/quickstart"
	"sallyport/handlers/admin/saml"
	"sallyport/handlers/admin/search"
	"sallyport/handlers/admin/selfservice"
	"sallyport/handlers/admin/tutorial"
	"sallyport/handlers/admin/user"
)

// Services are the use cases that the console offers. Every field is required.
type Services struct {
	Core         *control.Core
	Access       *accesscontrol.Service
	Networks     *networkcontrol.Service
	Certificates *certificatecontrol.Service
	Identity     *identitycontrol.Service
	Users        *usercontrol.Service
	Branding     *branding.Service
	Installers   *installer.Service
	Devices      *devicecontrol.Service
	Endpoints    *endpointcontrol.Service
	Nodes        *nodecontrol.Service
	Settings     *settingcontrol.Service
	Tutorial     *tutorialcontrol.Service
	QuickStart   *quickstartcontrol.Service
	Search       *searchcontrol.Service
	Probes       *probecontrol.Service
}

// Config is what the actions of the console need. Every field is required.
type Config struct {
	Services Services
	Cookie   access.SessionCookie
	Log      *slog.Logger
	Now      func() time.Time
}

// Console is the set of the actions, by noun.
type Console struct {
	Pages        *page.Pages
	Access       access.Actions
	Network      network.Actions
	Certificates certificate.Certificates
	Directories  identity.Directories
	SAML         saml.Providers
	Users        user.Users
	Devices      device.Devices
	Endpoint     endpoint.Actions
	Node         node.Node
	SelfService  selfservice.Portal
	Tutorial     tutorial.Tutorial
	Overview     overview.Overview
	QuickStart   quickstart.QuickStart
	Search       search.Search
	Help         help.Help
}

// New makes the actions.
func New(c Config) *Console {
	s := c.Services
	pages := page.New(s.Access, s.Nodes, s.Identity, s.Certificates, s.Users, c.Log, c.Now)
	steps := tutorial.New(pages, s.Tutorial)
	return &Console{
		Pages:        pages,
		Access:       access.New(pages, s.Access, c.Cookie),
		Network:      network.New(pages, steps, s.Networks),
		Certificates: certificate.New(pages, steps, s.Certificates),
		Directories:  identity.New(pages, s.Identity),
		SAML:         saml.New(pages, s.Core, s.Identity),
		Users:        user.New(pages, s.Users),
		Devices:      device.New(pages, s.Devices),
		Endpoint:     endpoint.New(pages, steps, s.Endpoints, s.Networks, s.Identity, s.Probes),
		Node:         node.New(pages, steps, s.Core, s.Nodes, s.Endpoints, s.Settings),
		SelfService:  selfservice.New(pages, s.Core, s.Branding, s.Installers, s.Endpoints),
		Tutorial:     steps,
		Overview:     overview.New(pages, overviewcontrol.New(s.Core, s.Endpoints, s.Tutorial)),
		QuickStart:   quickstart.New(pages, s.QuickStart),
		Search:       search.New(pages, s.Search),
		Help:         help.New(pages),
	}
}
