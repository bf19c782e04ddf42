package control_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

func (s *site) exports() int {
	s.t.Helper()
	n := 0
	for _, r := range s.audit() {
		if r.Action == "ExportClientVpnClientConfiguration" && r.Result == "ok" {
			n++
		}
	}
	return n
}

// The file is there before anybody can connect, says so, and each one that is given out is on record.
func TestClientConfiguration(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	c, err := s.ClientConfiguration(ctx, s.reader, s.endpoint.ID, "")
	s.must(err)
	if !c.NobodyYet || c.FileName != string(s.endpoint.ID)+".ovpn" || strings.Contains(c.Text, "<key>") || strings.Contains(c.Text, "PRIVATE KEY") {
		t.Errorf("got %+v", c)
	}
	for _, line := range []string{"remote vpn.example.test 443\n", "proto udp\n", "<tls-crypt>\n", `verify-x509-name "vpn.example.test" name` + "\n"} {
		if !strings.Contains(c.Text, line) {
			t.Errorf("no %q in\n%s", line, c.Text)
		}
	}
	if r := s.lastAudit(); s.exports() != 1 || r.Actor != "reader" || r.Subject != string(s.endpoint.ID) || strings.Contains(r.After, "PRIVATE") {
		t.Errorf("audit %+v", r)
	}
	s.association = s.associate(s.a)
	s.reconcile()
	c, err = s.ClientConfiguration(ctx, s.boss, s.endpoint.ID, s.alice.ID)
	s.must(err)
	if c.NobodyYet || c.FileName != string(s.endpoint.ID)+"-alice.ovpn" || !strings.Contains(c.Text, "<cert>\n") || !strings.Contains(c.Text, "PRIVATE KEY") {
		t.Errorf("got %+v", c)
	}
	if r := s.lastAudit(); s.exports() != 2 || !strings.Contains(r.After, string(s.alice.ID)) || strings.Contains(r.After, "PRIVATE") {
		t.Errorf("audit %+v", r)
	}
}

// Only a certificate that the endpoint would accept can be inside.
func TestClientConfigurationRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	foreign, err := s.CreateAuthority(ctx, s.boss, control.AuthoritySpec{CommonName: "Other CA", KeyType: vpn.ECDSAP256})
	s.must(err)
	mallory, err := s.IssueCertificate(ctx, s.boss, control.IssueSpec{Authority: foreign.ID, Use: vpn.UseClient, CommonName: "mallory", KeyType: vpn.ECDSAP256})
	s.must(err)
	before := s.rows()
	for id, words := range map[vpn.CertificateID]string{
		mallory.ID: "does not accept", s.server.ID: "not a client certificate", s.ca.ID: "not a client certificate",
	} {
		if _, err := s.ClientConfiguration(ctx, s.boss, s.endpoint.ID, id); !strings.Contains(vpn.FieldsOf(err)["client"], words) {
			t.Errorf("%s: got %v", id, err)
		}
	}
	_, err = s.ClientConfiguration(ctx, s.boss, s.endpoint.ID, vpn.NewCertificateID())
	s.wantKind("no such certificate", err, vpn.NotFound, "certificate")
	if s.rows() != before {
		t.Error("a refused export left something")
	}
	list, err := s.ClientCertificates(ctx, s.boss, s.endpoint.ID, "")
	if err != nil || len(list.List) != 1 || list.List[0].ID != s.alice.ID {
		t.Errorf("offered: %+v, %v", list, err)
	}
	s.clock.pass(366 * 24 * time.Hour)
	if _, err := s.ClientConfiguration(ctx, s.boss, s.endpoint.ID, s.alice.ID); !strings.Contains(vpn.FieldsOf(err)["client"], "has expired") {
		t.Errorf("expired: %v", err)
	}
	if list, err := s.ClientCertificates(ctx, s.boss, s.endpoint.ID, ""); err != nil || len(list.List) != 0 {
		t.Errorf("offered: %+v, %v", list, err)
	}
}

// What could not be made was not given out: no record, no tick.
func TestBrokenConfigurationIsNotExported(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.raw.ExecContext(t.Context(), "UPDATE certificate SET chain = '' WHERE id = ?", string(s.server.ID)); err != nil {
		t.Fatal(err)
	}
	for _, client := range []vpn.CertificateID{"", s.alice.ID} {
		c, err := s.ClientConfiguration(t.Context(), s.boss, s.endpoint.ID, client)
		s.wantKind("without a chain", err, vpn.Conflict, "without its chain")
		if c.Text != "" || s.exports() != 0 {
			t.Errorf("got %q, %d records", c.Text, s.exports())
		}
	}
}

// A client's key is downloaded once.
func TestClientKeyOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pair, name, err := s.TakeClientKey(t.Context(), s.boss, s.alice.ID)
	s.must(err)
	if name != "alice" || pair.Certificate != s.alice.PEM || !strings.Contains(pair.Key.Reveal(), "PRIVATE KEY") || pair.Chain != s.ca.PEM {
		t.Errorf("got %s, %q", name, pair.Chain)
	}
	if r := s.lastAudit(); r.Action != "ExportClientCertificateKey" || r.Subject != string(s.alice.ID) {
		t.Errorf("audit %+v", r)
	}
	before := s.rows()
	pair, _, err = s.TakeClientKey(t.Context(), s.boss, s.alice.ID)
	s.wantKind("again", err, vpn.Conflict, "given out only once")
	if pair.Key != "" || s.rows() != before {
		t.Error("the refusal gave the key or changed something")
	}
}
