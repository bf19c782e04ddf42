package quickstart

import (
	"context"
	"net/netip"

	"sallyport/vpn"
)

// keys are an authority and what it has issued.
type keys struct {
	authority, server, client vpn.Certificate
	private                   map[vpn.CertificateID]vpn.Secret
}

// keys makes them, outside of the transaction, where nothing else is wrong. Fields: name, public_name, client, and those of wrong.
func (s *Service) keys(spec vpn.QuickStartSpec, p Proposal, wrong error) (k keys, err error) {
	k.private = map[vpn.CertificateID]vpn.Secret{}
	now := s.core.Now()
	keep := func(name string, use vpn.CertificateUse, issuer vpn.CertificateID, pair vpn.KeyPair) (vpn.Certificate, error) {
		facts, err := s.pki.Facts(pair.Certificate)
		if err != nil {
			return vpn.Certificate{}, err
		}
		c := vpn.NewCertificate(name, use, issuer, pair, facts, now)
		k.private[c.ID] = pair.Key
		return c, nil
	}
	label, wanted, wrongName := vpn.CheckCertificateSpec(vpn.UseAuthority, "", spec.Name+" CA", "", vpn.ECDSAP256, "")
	wrongName = vpn.QuickStartFields(wrongName, map[string]string{"name": "name", "common_name": "name"})
	dnsName := spec.PublicName
	if _, err := netip.ParseAddr(dnsName); err == nil || vpn.CheckPublicName(dnsName) != "" {
		dnsName = "" // an address is no DNS name; another text is refused beside the field
	}
	serverName, server, _ := vpn.CheckCertificateSpec(vpn.UseServer, spec.Name+" server", "server", dnsName, vpn.ECDSAP256, "")
	clientName, client, wrongClient := vpn.CheckCertificateSpec(vpn.UseClient, "", spec.Client, "", vpn.ECDSAP256, "")
	wrongClient = vpn.QuickStartFields(wrongClient, map[string]string{"common_name": "client", "name": "client"})
	if err := vpn.Together(needed(spec, p), wrongName, wrong, wrongClient); err != nil {
		return k, err
	}
	authority, err := s.pki.NewAuthority(wanted, now)
	if err != nil {
		return k, err
	}
	if k.authority, err = keep(label, vpn.UseAuthority, "", authority); err != nil {
		return k, err
	}
	pair, err := s.pki.Issue(authority, vpn.UseServer, server, now)
	if err != nil {
		return k, err
	}
	if k.server, err = keep(serverName, vpn.UseServer, k.authority.ID, pair); err != nil {
		return k, err
	}
	if pair, err = s.pki.Issue(authority, vpn.UseClient, client, now); err != nil {
		return k, err
	}
	k.client, err = keep(clientName, vpn.UseClient, k.authority.ID, pair)
	return k, err
}

// needed checks that what has no proposal was typed. Fields: name, cidr, public_name.
func needed(spec vpn.QuickStartSpec, p Proposal) error {
	var c vpn.Check
	if spec.Name == "" {
		c.Bad("name", "Enter a name.")
	}
	if spec.CIDR == "" {
		c.Bad("cidr", "Enter the range of the private network, for example 10.0.0.0/16.")
	}
	if !p.Named && spec.PublicName == "" {
		c.Bad("public_name", "Enter the host name, or the address, at which your users reach this host.")
	} else if why := vpn.CheckPublicName(spec.PublicName); !p.Named && why != "" {
		c.Bad("public_name", why)
	}
	return c.Err()
}

func (k keys) store(ctx context.Context, w work) error {
	for _, c := range []vpn.Certificate{k.authority, k.server, k.client} {
		if err := w.tx.CreateCertificate(ctx, c, k.private[c.ID]); err != nil {
			return err
		}
		action := vpn.IssueCertificate
		if c.Use == vpn.UseAuthority {
			action = vpn.CreateCertificateAuthority
		}
		if err := w.audit(ctx, action, string(c.ID), c); err != nil {
			return err
		}
	}
	return nil
}
