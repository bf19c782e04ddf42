// Package network holds the use cases of networks and their subnets.
package network

import (
	"context"
	"net/netip"

	"sallyport/control"
	"sallyport/vpn"
)

// Dataplane knows the routes of the host.
type Dataplane interface {
	// WaysTo tells how the host's routes lead to subnets, at most vpn.MaxAskedWays, in their order. Unavailable where the
	// dataplane does not answer.
	WaysTo(ctx context.Context, subnets []netip.Prefix) ([]vpn.Way, error)
}

// Service is the use cases of networks and subnets.
type Service struct {
	core      *control.Core
	dataplane Dataplane
}

// New makes the use cases.
func New(core *control.Core, dataplane Dataplane) *Service {
	return &Service{core: core, dataplane: dataplane}
}
