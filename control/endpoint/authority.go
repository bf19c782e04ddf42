package endpoint

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// usageDays is the time of which logins are counted by authority: so long sessions are kept.
const usageDays = 14

// ClientAuthority is a client authority of an endpoint, with who comes by it.
type ClientAuthority struct {
	ID    vpn.CertificateID
	Own   bool // the server certificate's own authority
	Label string
	Key   string // KeyDigest of the authority

	Live   int // connections now by certificates of it, also by those of authorities below it that only clients send
	Logins int // sessions that began within the days that are counted
}

// ClientAuthorities are those of an endpoint.
type ClientAuthorities struct {
	Endpoint vpn.Endpoint
	Trusted  []ClientAuthority
	Days     int // of which logins are counted
}

// ClientAuthorities lists the client authorities of an endpoint: who is connected by each, and how many logins there were.
func (s *Service) ClientAuthorities(ctx context.Context, by control.Principal, id vpn.EndpointID) (ClientAuthorities, error) {
	out := ClientAuthorities{Days: usageDays}
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, string(id), func(tx *store.Tx) (err error) {
		if out.Endpoint, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		certificates, err := tx.CertificatesByID(ctx, out.Endpoint.ClientCA, out.Endpoint.SecondCA)
		if err != nil {
			return err
		}
		for _, ca := range out.Endpoint.ClientAuthorities() {
			a := ClientAuthority{ID: ca, Own: ca == out.Endpoint.Certificate, Label: cmp.Or(certificates[ca].Name, certificates[ca].CommonName), Key: vpn.AuthorityKey(certificates[ca])}
			if certificates[ca].Use != vpn.UseAuthority {
				a.Label = certificates[ca].Issuer
			}
			out.Trusted = append(out.Trusted, a)
		}
		uses, err := tx.IssuerUses(ctx, id, s.core.Now().Add(-usageDays*24*time.Hour))
		for _, u := range uses {
			by := vpn.AuthorityOf(u.IssuerKey, u.Above, out.keys()...)
			for i := range out.Trusted {
				if out.Trusted[i].Key == by {
					out.Trusted[i].Live += u.Live
					out.Trusted[i].Logins += u.Logins
				}
			}
		}
		return err
	})
	return out, err
}

// keys are the KeyDigests of the authorities.
func (a ClientAuthorities) keys() []string {
	keys := make([]string, len(a.Trusted))
	for i, t := range a.Trusted {
		keys[i] = t.Key
	}
	return keys
}

// AuthorityChoices is what a second client authority of an endpoint can be. What stands for the authority that the endpoint trusts already is
// not among it.
type AuthorityChoices struct {
	Authorities certificate.Choices
	Clients     certificate.Choices // imported ones, each of which stands for the authority that issued it
	Own         bool                // the server certificate's own authority is another one
}

// AuthorityChoices lists what a second client authority can be.
func (s *Service) AuthorityChoices(ctx context.Context, by control.Principal, id vpn.EndpointID, find string, keep ...vpn.CertificateID) (out AuthorityChoices, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		certificates, err := tx.CertificatesByID(ctx, e.Certificate, e.ClientCA)
		if err != nil {
			return err
		}
		other := func(c vpn.Certificate) bool {
			return !c.Expired(s.core.Now()) && c.ID != e.ClientCA && e.CheckSecondAuthority(certificates[e.ClientCA], c) == nil
		}
		server, there := certificates[e.Certificate]
		out.Own = there && other(server)
		out.Authorities, out.Clients, err = clientAuthorityChoices(ctx, tx, find, other, keep...)
		return err
	})
	return out, err
}

// trust is the change that adds a second client authority.
func (s *Service) trust(ctx context.Context, version int, ca vpn.CertificateID) func(*store.Tx, *vpn.Endpoint) error {
	return func(tx *store.Tx, e *vpn.Endpoint) error {
		if err := e.Trust(version, ca); err != nil {
			return err
		}
		certificates, err := tx.CertificatesByID(ctx, e.Certificate, e.ClientCA, ca)
		if err != nil {
			return err
		}
		var missing vpn.Check
		if _, there := certificates[ca]; !there {
			missing.Bad("client_ca", "This certificate does not exist any more; choose another.")
		}
		as := *e
		as.ClientCA = ca
		return vpn.Together(missing.Err(), e.CheckSecondAuthority(certificates[e.ClientCA], certificates[ca]),
			as.CheckCertificates(certificates[e.Certificate], certificates[ca], s.pki.PubliclyTrusted(certificates[ca].TrustAnchor()), s.core.Now()))
	}
}

// AnnounceTrust tells what TrustAuthority would do, and changes nothing.
func (s *Service) AnnounceTrust(ctx context.Context, by control.Principal, id vpn.EndpointID, version int, ca vpn.CertificateID) (vpn.Announcement, error) {
	return s.announce(ctx, by, vpn.ModifyClientVpnEndpoint, id, s.trust(ctx, version, ca))
}

// TrustAuthority has an endpoint take the client certificates of a second authority. Fields: client_ca, confirm. Stale and ErrUnannounced
// as EditEndpoint.
func (s *Service) TrustAuthority(ctx context.Context, by control.Principal, id vpn.EndpointID, version int, ca vpn.CertificateID, consent vpn.Consent) (EditResult, error) {
	var out EditResult
	err := s.changeEndpoint(ctx, by, vpn.ModifyClientVpnEndpoint, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		a.Before = control.Describe(e)
		if out.Did, err = s.apply(ctx, tx, e, s.trust(ctx, version, ca)); err != nil {
			return err
		}
		out.Endpoint, a.After = *e, control.Describe(e)
		return out.Did.Check(consent)
	})
	return out, err
}

// DistrustResult tells what the removal of a client authority does.
type DistrustResult struct {
	Endpoint vpn.Endpoint
	Removed  ClientAuthority
	Left     ClientAuthority
	People   []string // who is connected by it, at most vpn.MaxPageSize of them
	Ended    int      // connections by it
	Others   int      // connections by the other one, which are reset for a moment
}

// DistrustPreview tells what DistrustAuthority would do.
func (s *Service) DistrustPreview(ctx context.Context, by control.Principal, id vpn.EndpointID, ca vpn.CertificateID) (DistrustResult, error) {
	var out DistrustResult
	list, err := s.ClientAuthorities(ctx, by, id)
	if err != nil {
		return out, err
	}
	out.Endpoint = list.Endpoint
	e := list.Endpoint
	if err := e.Distrust(e.Version, ca); err != nil {
		return out, err
	}
	for _, a := range list.Trusted {
		if a.ID == ca {
			out.Removed = a
		} else {
			out.Left = a
		}
	}
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, string(id), func(tx *store.Tx) error {
		all, err := tx.LiveConnections(ctx, id)
		for _, c := range all {
			switch {
			case !c.Live():
			case vpn.AuthorityOf(c.IssuerKey, c.Above, list.keys()...) == out.Removed.Key:
				out.Ended++
				if !slices.Contains(out.People, c.Username) && len(out.People) < vpn.MaxPageSize {
					out.People = append(out.People, c.Username)
				}
			default:
				out.Others++
			}
		}
		return err
	})
	return out, err
}

// DistrustAuthority has an endpoint take no more client certificates of one of its two authorities: the connections and sessions by it
// end. told is the number of connections that the administrator was told of; more of them are asked about again.
func (s *Service) DistrustAuthority(ctx context.Context, by control.Principal, id vpn.EndpointID, version int, ca vpn.CertificateID, told int) (DistrustResult, error) {
	out, err := s.DistrustPreview(ctx, by, id, ca)
	if err != nil {
		return out, err
	}
	if out.Ended > told {
		return out, vpn.ErrUnannounced
	}
	reason := "The endpoint does not trust the authority of the certificate any more, by administrator " + by.Name + "."
	err = s.changeEndpoint(ctx, by, vpn.ModifyClientVpnEndpoint, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		a.Before = control.Describe(e)
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		before, err := s.core.Side(ctx, tx, deployment, *e)
		if err != nil {
			return err
		}
		if err := e.Distrust(version, ca); err != nil {
			return err
		}
		after, err := s.core.Side(ctx, tx, deployment, *e)
		if err != nil {
			return err
		}
		out.Endpoint, a.After = *e, control.Describe(e)
		if err := tx.KeepDownloads(ctx, id, before.Revision(), after.Revision(), ca); err != nil {
			return err
		}
		return endOfAuthority(ctx, tx, id, out.Removed.Key, out.Left.Key, reason, s.core.Now())
	})
	return out, err
}

// endOfAuthority ends the connections and sessions of an endpoint that come by the removed one of its two authorities.
func endOfAuthority(ctx context.Context, tx *store.Tx, id vpn.EndpointID, removed, left, reason string, now time.Time) error {
	connections, err := tx.LiveConnections(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range connections {
		if vpn.AuthorityOf(c.IssuerKey, c.Above, removed, left) != removed {
			continue
		}
		c.Status, c.EndReason = vpn.ConnectionTerminating, reason
		if err := tx.SaveConnection(ctx, c); err != nil {
			return err
		}
	}
	sessions, err := tx.VPNSessionsUnended(ctx, id)
	if err != nil {
		return err
	}
	for _, session := range sessions {
		if vpn.AuthorityOf(session.IssuerKey, session.Above, removed, left) != removed {
			continue
		}
		session.End(now, reason)
		if err := tx.SaveVPNSession(ctx, session); err != nil {
			return err
		}
	}
	return nil
}
