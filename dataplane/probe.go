package dataplane

import (
	"context"
	"net/netip"

	"golang.org/x/time/rate"

	"sallyport/dataplane/echo"
	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// newProbeLimit bounds how often web can have ICMP echo sent, for all accounts together.
func newProbeLimit() *rate.Limiter { return rate.NewLimiter(1, 5) }

// Probe tells the way to one address of a target network of an endpoint, and asks it by ICMP echo. Nothing is sent to an
// address that is in no target network, that is the host's own, or that the host policy forbids. Field: address.
func (e *Engine) Probe(ctx context.Context, r vpn.ProbeRequest) (vpn.ProbeAnswer, error) {
	if err := r.Validate(); err != nil {
		return vpn.ProbeAnswer{}, err
	}
	d, err := e.desiredOf(ctx, r.Endpoint)
	if err != nil {
		return vpn.ProbeAnswer{}, err
	}
	subnet, err := targetNetwork(d, r.Association)
	if err != nil {
		return vpn.ProbeAnswer{}, err
	}
	way, err := e.WayOut(r.Address)
	if err != nil {
		return vpn.ProbeAnswer{}, err
	}
	var c vpn.Check
	switch {
	case !r.Holds(subnet):
		c.Bad("address", "No host of "+subnet.String()+" has this address.")
	case way.Own:
		c.Bad("address", r.Address.String()+" is an address of this host itself: its answer would not tell whether the network is reached.")
	case way.Forbidden:
		c.Bad("address", "The host policy forbids "+r.Address.String()+".")
	case way.Problem != "":
		c.Bad("address", way.Problem)
	}
	if err := c.Err(); err != nil {
		return vpn.ProbeAnswer{}, err
	}
	out := vpn.ProbeAnswer{Way: way}
	if gateway := vpn.Gateway(d.ClientCIDR); !d.SourceNAT && host.IsOwn(gateway) {
		out.Source = gateway // answers to clients take the same way back
	}
	if !r.Echo {
		return out, nil
	}
	if !e.probes.Allow() {
		return out, vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "This host sends ICMP echo once a second. Wait a moment and try again.")
	}
	answer, err := echo.Ask(ctx, r.Address, out.Source)
	if err != nil {
		return out, err
	}
	out.Outcome, out.RoundTrip = answer.Outcome, answer.RoundTrip
	if answer.From.IsValid() && !host.IsOwn(answer.From) {
		out.From = answer.From
	}
	return out, nil
}

// desiredOf is the desired state of an endpoint.
func (e *Engine) desiredOf(ctx context.Context, id vpn.EndpointID) (d vpn.Desired, err error) {
	ep := e.endpoint(id)
	if ep == nil {
		return d, vpn.NoSuch(vpn.CodeEndpointNotFound, "Client VPN endpoint on this host", string(id))
	}
	if ep.doWithin(ctx, func() { d = ep.state.desired }) {
		return d, nil
	}
	if ctx.Err() != nil {
		return d, errBusy
	}
	return d, errEndpointRemoved
}

// targetNetwork is the subnet of an association.
func targetNetwork(d vpn.Desired, id vpn.AssociationID) (netip.Prefix, error) {
	for _, a := range d.Associations {
		if a.ID == id {
			return a.Subnet, nil
		}
	}
	return netip.Prefix{}, vpn.NoSuch(vpn.CodeAssociationNotFound, "target network association on this host", string(id))
}
