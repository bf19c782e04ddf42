package endpoint

import (
	"context"
	"net/netip"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// Choices is what the form for an endpoint offers.
type Choices struct {
	Servers     certificate.Choices
	Authorities certificate.Choices
	Clients     certificate.Choices // imported ones, each of which stands for the authority that issued it
	FreePort    uint16
	FreeCIDR    string // a client range that no endpoint and no network has; "" where none was found
}

// EndpointChoices lists the certificates an endpoint can have and proposes a free port.
func (s *Service) EndpointChoices(ctx context.Context, by control.Principal, find string, keep ...vpn.CertificateID) (Choices, error) {
	var out Choices
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) (err error) {
		valid := func(c vpn.Certificate) bool { return !c.Expired(s.core.Now()) }
		if out.Servers, err = certificate.Choose(ctx, tx, map[string]string{"use": string(vpn.UseServer)}, find, certificate.UsableWithKey(s.core.Now()), keep...); err != nil {
			return err
		}
		if out.Authorities, err = certificate.Choose(ctx, tx, map[string]string{"use": string(vpn.UseAuthority)}, find, valid, keep...); err != nil {
			return err
		}
		withChain := func(c vpn.Certificate) bool { return valid(c) && c.Chain != "" }
		if out.Clients, err = certificate.Choose(ctx, tx, map[string]string{"use": string(vpn.UseClient), "origin": store.OriginImported}, find, withChain, keep...); err != nil {
			return err
		}
		all, err := tx.AllEndpoints(ctx)
		if err != nil {
			return err
		}
		out.FreePort = vpn.FreePort(vpn.UDP, all, s.settings.Reserved...)
		networks, err := tx.Networks(ctx, vpn.List{Size: vpn.MaxPageSize})
		taken := []netip.Prefix{}
		for _, e := range all {
			taken = append(taken, e.ClientCIDR)
		}
		for _, n := range networks.Items {
			taken = append(taken, n.CIDRs...)
		}
		if free := vpn.FreeClientCIDR(taken); free.IsValid() {
			out.FreeCIDR = free.String()
		}
		return err
	})
	return out, err
}
