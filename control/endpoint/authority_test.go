package endpoint_test

import (
	"strings"
	"testing"

	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// An endpoint trusts a second authority for a while: the dataplane gets both, files can be made with certificates of either, and the
// page tells who comes by each. Removing the first one ends who comes by it, and leaves the second alone.
func TestRollOverToAnotherAuthority(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	next, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "Next CA", KeyType: vpn.ECDSAP256})
	s.Must(err)
	bob, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Authority: next.ID, Use: vpn.UseClient, CommonName: "bob", KeyType: vpn.ECDSAP256})
	s.Must(err)
	if _, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, bob.ID); vpn.FieldsOf(err)["client"] == "" {
		t.Errorf("a file with a certificate of an authority that is not trusted: %v", err)
	}
	s.WantBadInput("the same one", "client_ca", func() error {
		_, err := s.Endpoints.TrustAuthority(ctx, s.Admin, s.Endpoint.ID, 1, s.CA.ID, vpn.Consent{})
		return err
	})
	s.WantBadInput("none", "client_ca", func() error {
		_, err := s.Endpoints.TrustAuthority(ctx, s.Admin, s.Endpoint.ID, 1, "", vpn.Consent{})
		return err
	})
	s.WantBadInput("the same key", "client_ca", func() error {
		_, err := s.Endpoints.TrustAuthority(ctx, s.Admin, s.Endpoint.ID, 1, s.Server.ID, vpn.Consent{})
		return err
	})
	choices, err := s.Endpoints.AuthorityChoices(ctx, s.Admin, s.Endpoint.ID, "", s.CA.ID)
	s.Must(err)
	if list := choices.Authorities.List; len(list) != 1 || list[0].ID != next.ID || choices.Own {
		t.Errorf("what can be added: %+v", choices)
	}
	done, err := s.Endpoints.TrustAuthority(ctx, s.Admin, s.Endpoint.ID, 1, next.ID, vpn.Consent{})
	s.Must(err)
	if did := done.Did; len(did.Files) != 0 || len(did.Restart) != 1 || done.Endpoint.SecondCA != next.ID || done.Endpoint.ClientCA != s.CA.ID {
		t.Errorf("did %+v", did)
	}
	s.Reconcile()
	if got := s.Dataplane.Desired[s.Endpoint.ID].Keys.ClientCA; got != s.CA.PEM+next.PEM {
		t.Errorf("OpenVPN verifies clients with %q", got)
	}
	if status, err := s.Certificates.Certificate(ctx, s.Admin, next.ID); err != nil || len(status.UsedBy) != 1 {
		t.Errorf("the second authority is used by %v, %v", status.UsedBy, err)
	}
	if obey, err := s.Certificates.RevocationList(ctx, s.Admin, next.ID, "", vpn.List{}); err != nil || len(obey.Endpoints) != 1 {
		t.Errorf("the list of the second authority is obeyed by %v, %v", obey.Endpoints, err)
	}
	for _, c := range []vpn.Certificate{s.Alice, bob} {
		file, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, c.ID)
		s.Must(err)
		if !strings.Contains(file.Text, c.PEM) {
			t.Errorf("the file of %s has another certificate", c.CommonName)
		}
	}
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error {
		for name, ca := range map[string]vpn.Certificate{"alice": s.CA, "bob": next} {
			session := vpn.Session{ID: vpn.NewSessionID(), Endpoint: s.Endpoint.ID, Username: name, IssuerKey: ca.KeyDigest(), Serial: "1", StartedAt: s.Clock.Now(), EndsAt: s.Clock.Now().Add(1e12)}
			c := vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: s.Endpoint.ID, Session: session.ID, Username: name, IssuerKey: ca.KeyDigest(), Status: vpn.ConnectionActive, EstablishedAt: s.Clock.Now()}
			if name == "alice" { // with a certificate of an authority below, which only the client sends
				session.IssuerKey, session.Above = "", []vpn.CertificateNumber{{IssuerKey: ca.KeyDigest(), Serial: "7"}}
				c.IssuerKey, c.Above = session.IssuerKey, session.Above
			}
			if err := tx.CreateVPNSession(ctx, session); err != nil {
				return err
			}
			if err := tx.CreateConnection(ctx, c); err != nil {
				return err
			}
		}
		return nil
	}))
	list, err := s.Endpoints.ClientAuthorities(ctx, s.Admin, s.Endpoint.ID)
	s.Must(err)
	for _, a := range list.Trusted {
		if a.Live != 1 || a.Logins != 1 {
			t.Errorf("%s: %+v", a.Label, a)
		}
	}
	before, err := s.Endpoints.Endpoint(ctx, s.Admin, s.Endpoint.ID)
	s.Must(err)
	if _, err := s.Endpoints.DistrustAuthority(ctx, s.Admin, s.Endpoint.ID, 2, s.CA.ID, 0); err == nil {
		t.Error("more connections end than were announced")
	}
	gone, err := s.Endpoints.DistrustAuthority(ctx, s.Admin, s.Endpoint.ID, 2, s.CA.ID, 1)
	s.Must(err)
	if gone.Ended != 1 || len(gone.People) != 1 || gone.People[0] != "alice" || gone.Others != 1 || gone.Endpoint.ClientCA != next.ID || gone.Endpoint.SecondCA != "" {
		t.Errorf("removed: %+v", gone)
	}
	after, err := s.Endpoints.Endpoint(ctx, s.Admin, s.Endpoint.ID)
	s.Must(err)
	s.Must(s.Store.View(ctx, func(tx *store.Tx) error {
		files, err := tx.CountProfileDownloads(ctx, s.Endpoint.ID)
		if files[before.Side().Revision()] != 1 || files[after.Side().Revision()] != 1 {
			t.Errorf("files of before: %d, of after: %d", files[before.Side().Revision()], files[after.Side().Revision()])
		}
		live, _ := tx.LiveConnections(ctx, s.Endpoint.ID)
		for _, c := range live {
			if ending := c.Status == vpn.ConnectionTerminating; ending != (c.Username == "alice") {
				t.Errorf("%s: %s", c.Username, c.Status)
			}
		}
		return err
	}))
	if _, err := s.Endpoints.DistrustAuthority(ctx, s.Admin, s.Endpoint.ID, 3, next.ID, 9); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("the only authority: %v", err)
	}
}
