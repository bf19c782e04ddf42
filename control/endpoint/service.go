// Package endpoint holds the use cases of Client VPN endpoints and of what belongs to one: target
// network associations, authorization rules, routes, connections and client configuration files.
package endpoint

import (
	"context"
	"net/netip"

	"sallyport/control"
	"sallyport/control/node"
	"sallyport/vpn"
)

// Dataplane knows the present counters of connections, and the host that endpoints are on.
type Dataplane interface {
	// Host tells what the host offers to a new endpoint. Unavailable where the dataplane does not answer.
	Host(ctx context.Context) (vpn.Host, error)
	// CheckPlace refuses what an endpoint cannot have on the host. Fields: listen_addr, client_cidr, port. Unavailable where
	// the dataplane does not answer.
	CheckPlace(ctx context.Context, p vpn.Place) error
	control.Router
	// WayOut tells how the host sends packets of clients to an address. Unavailable where the dataplane does not answer.
	WayOut(ctx context.Context, to netip.Addr) (vpn.WayOut, error)
	// Connections lists every live connection. Unavailable where the dataplane does not answer.
	Connections(ctx context.Context) ([]vpn.LiveConnection, error)
}

// PKI makes an endpoint's shared secrets and knows the public authorities.
type PKI interface {
	StaticKey() vpn.Secret   // an OpenVPN static key for tls-crypt
	TokenSecret() vpn.Secret // an OpenVPN auth-token server key
	// PubliclyTrusted tells whether one of the PEM certificates is an authority that browsers trust.
	PubliclyTrusted(anchors string) bool
}

// Config is what the use cases need. Every field is required except Resolver.
type Config struct {
	Core      *control.Core
	Dataplane Dataplane
	PKI       PKI
	Node      *node.Service
	Resolver  Resolver // nil: public names are not looked up
}

// Service is the use cases of endpoints. It keeps only caches between calls.
type Service struct {
	core      *control.Core
	dataplane Dataplane
	pki       PKI
	node      *node.Service
	settings  control.Settings
	names     *nameChecker
	live      *liveCache
}

// New makes the use cases.
func New(c Config) *Service {
	return &Service{
		core: c.Core, dataplane: c.Dataplane, pki: c.PKI, node: c.Node, settings: c.Core.Settings,
		names: newNameChecker(c.Resolver, c.Core.Now),
		live:  &liveCache{dataplane: c.Dataplane, now: c.Core.Now},
	}
}
