// Package endpoint holds the actions of the console about a Client VPN endpoint and its parts.
package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/control/identity"
	"sallyport/control/network"
	"sallyport/control/probe"
	"sallyport/handlers/admin/page"
	"sallyport/handlers/admin/tutorial"
	"sallyport/vpn"
)

// Actions are the actions of this package, by noun.
type Actions struct {
	Endpoints     Endpoints
	Associations  Associations
	Rules         Rules
	Routes        Routes
	Connections   Connections
	Configuration Configuration
	Access        Access
}

// New makes the actions.
func New(pages *page.Pages, steps tutorial.Tutorial, endpoints *endpoint.Service, networks *network.Service, directories *identity.Service, probes *probe.Service) Actions {
	shared := &common{pages, endpoints}
	return Actions{
		Endpoints:     Endpoints{shared},
		Associations:  Associations{shared, probes},
		Rules:         Rules{shared, steps, networks, directories},
		Routes:        Routes{shared},
		Connections:   Connections{shared},
		Configuration: Configuration{shared},
		Access:        Access{shared},
	}
}

// common is what the actions of this package use.
type common struct {
	pages     *page.Pages
	endpoints *endpoint.Service
}

// Endpoints are the endpoints themselves: list, form, Details tab, tags.
type Endpoints struct{ *common }

// Associations are the target network associations of an endpoint.
type Associations struct {
	*common
	probes *probe.Service
}

// Rules are the authorization rules of an endpoint.
type Rules struct {
	*common
	steps       tutorial.Tutorial
	networks    *network.Service
	directories *identity.Service
}

// Routes are the route table of an endpoint.
type Routes struct{ *common }

// Connections are the connections to an endpoint.
type Connections struct{ *common }

// Configuration is the client configuration file of an endpoint.
type Configuration struct{ *common }

func endpointID(c echo.Context) vpn.EndpointID { return vpn.EndpointID(c.Param("endpoint")) }
