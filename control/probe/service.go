// Package probe holds the use cases of testing whether a host of a target network answers: by ICMP echo, which the dataplane
// sends, or by a TCP connection, which this process opens and closes.
package probe

import (
	"context"
	"net/netip"

	"golang.org/x/time/rate"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Dataplane knows the way to an address and sends ICMP echo.
type Dataplane interface {
	// Probe is Invalid with the field address where the host sends nothing there, and Unavailable where the dataplane does
	// not answer.
	Probe(ctx context.Context, r vpn.ProbeRequest) (vpn.ProbeAnswer, error)
}

// Connect opens a TCP connection and closes it; from is the source address, the zero Addr for any.
type Connect func(ctx context.Context, to netip.AddrPort, from netip.Addr) error

// Service is the use cases.
type Service struct {
	core      *control.Core
	dataplane Dataplane
	connect   Connect
	limit     *rate.Limiter // of all tests together: a console is no port scanner
}

// New makes the use cases.
func New(core *control.Core, dataplane Dataplane, connect Connect) *Service {
	return &Service{core: core, dataplane: dataplane, connect: connect, limit: rate.NewLimiter(1, 5)}
}

// View is a target network as the page of its test shows it.
type View struct {
	Endpoint    vpn.EndpointRef
	Association vpn.AssociationStatus
}

// View reads a target network and its last test.
func (s *Service) View(ctx context.Context, by control.Principal, endpoint vpn.EndpointID, id vpn.AssociationID) (v View, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnTargetNetworks, string(endpoint), func(tx *store.Tx) error {
		e, a, err := target(ctx, tx, endpoint, id)
		if err != nil {
			return err
		}
		observed, err := s.core.Observations(ctx, tx, endpoint)
		if err != nil {
			return err
		}
		names, err := tx.SubnetNames(ctx, a.Subnet)
		if err != nil {
			return err
		}
		tests, err := tx.Probes(ctx, a.Subnet)
		v.Endpoint = vpn.EndpointRef{ID: e.ID, Name: e.Name}
		v.Association = a.Status(observed[endpoint], names[a.Subnet])
		v.Association.Test = tests[a.Subnet]
		return err
	})
	return v, err
}

func target(ctx context.Context, tx *store.Tx, endpoint vpn.EndpointID, id vpn.AssociationID) (vpn.Endpoint, vpn.Association, error) {
	e, err := tx.Endpoint(ctx, endpoint)
	if err != nil {
		return e, vpn.Association{}, err
	}
	a, err := tx.Association(ctx, id)
	if err == nil && a.Endpoint != endpoint {
		err = vpn.NoSuch(vpn.CodeAssociationNotFound, "target network association", string(id))
	}
	return e, a, err
}
