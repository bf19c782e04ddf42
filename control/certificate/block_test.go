package certificate_test

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// A blocked certificate is refused at every login, its connections are ended and told why; unblocked it
// connects again.
func TestBlock(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	login := func(id string) *vpn.LoginRequest {
		r := s.Login("alice")
		r.ID, r.Serial, r.Fingerprint, r.Issuer = id, s.Alice.Serial, vpn.BareFingerprint(s.Alice.Fingerprint), vpn.BareFingerprint(s.CA.Fingerprint)
		return r
	}
	last := func() vpn.LoginDecision { return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1] }
	s.AddLogins(login("1"))
	first := last()
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: first.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}})
	s.AddLogins(login("2")) // granted, not established yet
	granted := last()
	other := s.Connect("bob")

	p, err := s.Certificates.BlockPreview(ctx, s.Admin, s.Alice.ID)
	s.Must(err)
	if p.Blocked || p.Connected != 1 || p.CommonName != "alice" || p.Issuer != vpn.BareFingerprint(s.CA.Fingerprint) {
		t.Errorf("preview %+v", p)
	}
	n, err := s.Certificates.BlockCertificate(ctx, s.Admin, s.Alice.ID)
	s.Must(err)
	if n != 1 {
		t.Errorf("%d connections are ended, want 1", n)
	}
	if r := s.LastAudit(); r.Action != vpn.BlockClientCertificate || r.Subject != string(s.Alice.ID) || !strings.Contains(r.After, p.Fingerprint) {
		t.Errorf("audit %+v", r)
	}
	s.Reconcile()
	if got := s.Dataplane.Terminated; len(got) != 2 || got[0] != first.Connection || got[1] != granted.Connection {
		t.Errorf("terminated %v, want %s and %s, and not %s", got, first.Connection, granted.Connection, other.ID)
	}
	if c := s.Connection(first.Connection); !strings.Contains(c.EndReason, "blocked by administrator") {
		t.Errorf("got %+v", c)
	}
	if len(s.Dataplane.Messages) == 0 || s.Dataplane.Messages[len(s.Dataplane.Messages)-1] != vpn.BlockedMessage() {
		t.Errorf("the client is told %q", s.Dataplane.Messages)
	}
	s.AddLogins(login("3"))
	if d := last(); d.Allow || d.Later || !strings.HasPrefix(d.Reason, vpn.BlockedMessage()) {
		t.Errorf("a login of the blocked certificate: %+v", d)
	}
	if rows := s.Query("SELECT * FROM attempt WHERE reason LIKE '%is blocked%'"); len(rows) != 1 {
		t.Errorf("%d refused attempts, want 1", len(rows))
	}
	s.WantRefusal("blocked twice", vpn.Conflict, "blocked already", func() error { _, err := s.Certificates.BlockCertificate(ctx, s.Admin, s.Alice.ID); return err })
	s.WantRefusal("a server's", vpn.Conflict, "Only client certificates", func() error { _, err := s.Certificates.BlockCertificate(ctx, s.Admin, s.Server.ID); return err })

	s.Must(s.Certificates.UnblockCertificate(ctx, s.Admin, p.Fingerprint))
	s.AddLogins(login("4"))
	if d := last(); !d.Allow {
		t.Errorf("a login of the unblocked certificate: %+v", d)
	}
	s.WantRefusal("unblocked twice", vpn.NotFound, "", func() error { return s.Certificates.UnblockCertificate(ctx, s.Admin, p.Fingerprint) })
}

// A block holds where the authority was renewed with its key meanwhile, and the holder sends another encoding of the
// signature, whatever the serial number is. A certificate of the same number and name from another authority is another one.
func TestBlockOfRenewedAuthority(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ca := testpki.Authority(t, "Old CA")
	require := func(c testpki.Credential) (fingerprint string) {
		s.Exec("UPDATE certificate SET pem = '" + c.Certificate + "' WHERE id = '" + string(s.CA.ID) + "'")
		block, _ := pem.Decode([]byte(c.Certificate))
		return fmt.Sprintf("%x", sha256.Sum256(block.Bytes))
	}
	login := func(id, fingerprint, issuer string) vpn.LoginDecision {
		r := s.Login("alice")
		r.ID, r.Serial, r.Fingerprint, r.Issuer = id, "17", fingerprint, issuer
		s.AddLogins(r)
		return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	}
	d := login("1", "aa", require(ca))
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}})
	n, err := s.Certificates.BlockConnectionCertificate(t.Context(), s.Admin, s.Endpoint.ID, d.Connection)
	s.Must(err)
	if n != 1 {
		t.Errorf("%d connections are ended, want 1", n)
	}
	if d := login("2", "bb", require(ca.Renewed(t))); d.Allow || !strings.HasPrefix(d.Reason, vpn.BlockedMessage()) {
		t.Errorf("with another signature, after the authority was renewed: %+v", d)
	}
	if d := login("3", "cc", require(testpki.Authority(t, "New CA"))); !d.Allow {
		t.Errorf("the certificate of another authority: %+v", d)
	}
}

// A certificate that is not kept here is blocked by one of its connections.
func TestBlockOfConnection(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	r := s.Login("carol")
	r.Serial, r.Fingerprint, r.Issuer = "99", "ab12", s.CA.Fingerprint
	s.AddLogins(r)
	d := s.Dataplane.Decisions[0]
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}})
	s.WantRefusal("of another endpoint", vpn.NotFound, "is none of endpoint", func() error {
		_, err := s.Certificates.BlockConnectionCertificate(ctx, s.Admin, vpn.NewEndpointID(), d.Connection)
		return err
	})
	n, err := s.Certificates.BlockConnectionCertificate(ctx, s.Admin, s.Endpoint.ID, d.Connection)
	s.Must(err)
	page, err := s.Certificates.BlockedCertificates(ctx, s.Admin, vpn.List{})
	s.Must(err)
	if n != 1 || page.Total != 1 || page.Items[0].Fingerprint != "ab12" || page.Items[0].Issuer != vpn.BareFingerprint(s.CA.Fingerprint) || page.Items[0].By != s.Admin.Name {
		t.Errorf("%d ended, blocked: %+v", n, page)
	}
	// The holder changes the signatures of the certificate and of its issuer's, which OpenVPN has from the client.
	r.ID, r.Fingerprint, r.Issuer = "again", "ab13", "cd35"
	s.AddLogins(r)
	if d := s.Dataplane.Decisions[1]; d.Allow {
		t.Errorf("a login of the blocked certificate with other signatures: %+v", d)
	}
	old := s.Connect("old") // without a fingerprint, as an earlier version stored connections
	s.WantRefusal("from an earlier version", vpn.Conflict, "before the server recorded", func() error {
		_, err := s.Certificates.BlockConnectionCertificate(ctx, s.Admin, s.Endpoint.ID, old.ID)
		return err
	})
}
