// Package network holds the actions of the console about networks and their subnets.
package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/network"
	"sallyport/handlers/admin/page"
	"sallyport/handlers/admin/tutorial"
	"sallyport/vpn"
)

// Actions are the actions of this package, by noun.
type Actions struct {
	Networks Networks
	Subnets  Subnets
}

// New makes the actions.
func New(pages *page.Pages, steps tutorial.Tutorial, networks *network.Service) Actions {
	return Actions{Networks: Networks{pages, networks}, Subnets: Subnets{pages, steps, networks}}
}

// Networks are the networks.
type Networks struct {
	pages    *page.Pages
	networks *network.Service
}

// Subnets are the subnets of a network.
type Subnets struct {
	pages    *page.Pages
	steps    tutorial.Tutorial
	networks *network.Service
}

func networkID(c echo.Context) vpn.NetworkID { return vpn.NetworkID(c.Param("network")) }

func subnetID(c echo.Context) vpn.SubnetID { return vpn.SubnetID(c.Param("subnet")) }
