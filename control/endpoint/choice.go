package endpoint

import (
	"context"
	"slices"
	"strconv"
	"time"

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
	Directories []vpn.Directory     // by name
	SAML        []vpn.SAMLProvider  // by name
	PublicURL   string              // base of the public pages; "" where they are not served
	FreePort    uint16
	FreeCIDR    string        // a client range that no endpoint, no network and not the host has; "" where none was found
	Networks    []vpn.Network // the first maxNetworkChoices by name
	Host        vpn.Host
	HostKnown   bool   // the dataplane answered, so Host says something
	Unnamed     bool   // there is neither a public name nor a VPN domain
	OwnAddress  string // what configuration files name then; "" where it is not known
}

// maxNetworkChoices bounds the networks that a form offers: a select with more of them is of no use.
const maxNetworkChoices = 1000

// EndpointChoices lists the certificates an endpoint can have and proposes a free port.
func (s *Service) EndpointChoices(ctx context.Context, by control.Principal, find string, keep ...vpn.CertificateID) (Choices, error) {
	var out Choices
	if err := by.May(vpn.DescribeClientVpnEndpoints, ""); err != nil {
		return out, err
	}
	host, known := s.host(ctx) // before the transaction, because it asks another process
	out.Host, out.HostKnown = host, known
	taken := slices.Clone(host.Used)
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) (err error) {
		valid := func(c vpn.Certificate) bool { return !c.Expired(s.core.Now()) }
		if out.Servers, err = certificate.Choose(ctx, tx, map[string]string{"use": string(vpn.UseServer)}, find, certificate.UsableWithKey(s.core.Now()), keep...); err != nil {
			return err
		}
		if out.Authorities, out.Clients, err = clientAuthorityChoices(ctx, tx, find, valid, keep...); err != nil {
			return err
		}
		d, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		out.Unnamed, out.OwnAddress = !d.Named(), s.core.Settings.FallbackAddress
		directories, err := tx.Directories(ctx, vpn.List{Size: vpn.MaxPageSize})
		if err != nil {
			return err
		}
		out.Directories = directories.Items
		providers, err := tx.SAMLProviders(ctx, vpn.List{Size: vpn.MaxPageSize})
		if err != nil {
			return err
		}
		out.SAML, out.PublicURL = providers.Items, s.core.Settings.PublicURL
		all, err := tx.AllEndpoints(ctx)
		if err != nil {
			return err
		}
		out.FreePort = vpn.FreePort(vpn.UDP, all, s.settings.Reserved...)
		if out.Networks, err = tx.FirstNetworks(ctx, maxNetworkChoices); err != nil {
			return err
		}
		ranges, err := tx.NetworkRanges(ctx)
		if err != nil {
			return err
		}
		taken = append(taken, ranges...)
		for _, e := range all {
			taken = append(taken, e.ClientCIDR)
		}
		if free := vpn.FreeClientCIDR(taken, host.ClientRanges); free.IsValid() {
			out.FreeCIDR = free.String()
		}
		return nil
	})
	return out, err
}

// clientAuthorityChoices lists the certificates that can say which authority clients come from: authorities, and imported client
// certificates that are kept with their chain.
func clientAuthorityChoices(ctx context.Context, tx *store.Tx, find string, usable func(vpn.Certificate) bool, keep ...vpn.CertificateID) (authorities, clients certificate.Choices, err error) {
	if authorities, err = certificate.Choose(ctx, tx, map[string]string{"use": string(vpn.UseAuthority)}, find, usable, keep...); err != nil {
		return authorities, clients, err
	}
	withChain := func(c vpn.Certificate) bool { return c.Chain != "" && usable(c) }
	clients, err = certificate.Choose(ctx, tx, map[string]string{"use": string(vpn.UseClient), "origin": store.OriginImported}, find, withChain, keep...)
	return authorities, clients, err
}

// hostWait is how long a form waits for the answer of the dataplane.
const hostWait = 500 * time.Millisecond

// host asks the dataplane about the host; known is false where it does not answer.
func (s *Service) host(ctx context.Context) (h vpn.Host, known bool) {
	ctx, cancel := context.WithTimeout(ctx, hostWait)
	defer cancel()
	h, err := s.dataplane.Host(ctx)
	return h, err == nil
}

// FreePortText is the proposed port as text.
func (c Choices) FreePortText() string { return strconv.Itoa(int(c.FreePort)) }
