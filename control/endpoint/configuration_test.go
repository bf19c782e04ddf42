package endpoint_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/control/certificate"
	"sallyport/vpn"
)

func (s *site) exports() int {
	s.T.Helper()
	n := 0
	for _, r := range s.Audit() {
		if r.Action == "ExportClientVpnClientConfiguration" && r.Result == "ok" {
			n++
		}
	}
	return n
}

// The file exists before clients can connect and says so; each download is recorded.
func TestClientConfiguration(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	_, err := s.Endpoints.ClientConfiguration(ctx, s.ReadOnly, s.Endpoint.ID, "")
	s.WantKind("a read-only account", err, vpn.Denied, "read-only")
	if r := s.LastAudit(); r.Action != vpn.ExportClientVpnClientConfiguration || r.Actor != "reader" || r.Result == "ok" {
		t.Errorf("the refusal is recorded as %+v", r)
	}
	c, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, "")
	s.Must(err)
	if !c.Unusable || c.FileName != s.Endpoint.Name+"-"+string(s.Endpoint.ID)+".ovpn" || strings.Contains(c.Text, "<key>") || strings.Contains(c.Text, "PRIVATE KEY") {
		t.Errorf("got %+v", c)
	}
	for _, line := range []string{"remote vpn.example.test 443\n", "proto udp\n", "<tls-crypt>\n", `verify-x509-name "vpn.example.test" name` + "\n"} {
		if !strings.Contains(c.Text, line) {
			t.Errorf("no %q in\n%s", line, c.Text)
		}
	}
	if r := s.LastAudit(); s.exports() != 1 || r.Actor != "admin" || r.Subject != string(s.Endpoint.ID) || strings.Contains(r.After, "PRIVATE") {
		t.Errorf("audit %+v", r)
	}
	s.Association = s.Associate(s.A)
	s.Reconcile()
	c, err = s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID)
	s.Must(err)
	if c.Unusable || c.FileName != s.Endpoint.Name+"-"+string(s.Endpoint.ID)+"-alice.ovpn" || !strings.Contains(c.Text, "<cert>\n") || !strings.Contains(c.Text, "PRIVATE KEY") {
		t.Errorf("got %+v", c)
	}
	if r := s.LastAudit(); s.exports() != 2 || !strings.Contains(r.After, string(s.Alice.ID)) || strings.Contains(r.After, "PRIVATE") {
		t.Errorf("audit %+v", r)
	}
}

// Only a certificate that the endpoint accepts can be in the file.
func TestClientConfigurationRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	foreign, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "Other CA", KeyType: vpn.ECDSAP256})
	s.Must(err)
	mallory, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Authority: foreign.ID, Use: vpn.UseClient, CommonName: "mallory", KeyType: vpn.ECDSAP256})
	s.Must(err)
	before := s.Rows()
	for id, words := range map[vpn.CertificateID]string{
		mallory.ID: "does not accept", s.Server.ID: "not a client certificate", s.CA.ID: "not a client certificate",
	} {
		if _, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, id); !strings.Contains(vpn.FieldsOf(err)["client"], words) {
			t.Errorf("%s: got %v", id, err)
		}
	}
	_, err = s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, vpn.NewCertificateID())
	s.WantKind("no such certificate", err, vpn.NotFound, "certificate")
	if s.Rows() != before {
		t.Error("a refused export left something")
	}
	list, err := s.Endpoints.ClientCertificates(ctx, s.Admin, s.Endpoint.ID, "")
	if err != nil || len(list.List) != 1 || list.List[0].ID != s.Alice.ID {
		t.Errorf("offered: %+v, %v", list, err)
	}
	s.Clock.Pass(366 * 24 * time.Hour)
	if _, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID); !strings.Contains(vpn.FieldsOf(err)["client"], "has expired") {
		t.Errorf("expired: %v", err)
	}
	if list, err := s.Endpoints.ClientCertificates(ctx, s.Admin, s.Endpoint.ID, ""); err != nil || len(list.List) != 0 {
		t.Errorf("offered: %+v, %v", list, err)
	}
}

// A blocked certificate is neither offered nor exported, until it is unblocked.
func TestBlockedCertificateIsNotExported(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	offered := func() int {
		t.Helper()
		list, err := s.Endpoints.ClientCertificates(ctx, s.Admin, s.Endpoint.ID, "", s.Alice.ID)
		s.Must(err)
		return len(list.List)
	}
	_, err := s.Certificates.BlockCertificate(ctx, s.Admin, s.Alice.ID)
	s.Must(err)
	_, err = s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID)
	if !strings.Contains(vpn.FieldsOf(err)["client"], "is blocked") || s.exports() != 0 || offered() != 0 {
		t.Errorf("blocked: %v, %d exports, %d offered", err, s.exports(), offered())
	}
	s.Must(s.Certificates.UnblockCertificate(ctx, s.Admin, vpn.BareFingerprint(s.Alice.Fingerprint)))
	if _, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID); err != nil || offered() != 1 {
		t.Errorf("unblocked: %v, %d offered", err, offered())
	}
}

// A file that could not be made is not recorded as exported.
func TestBrokenConfigurationIsNotExported(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.Raw.ExecContext(t.Context(), "UPDATE certificate SET chain = '' WHERE id = ?", string(s.Server.ID)); err != nil {
		t.Fatal(err)
	}
	for _, client := range []vpn.CertificateID{"", s.Alice.ID} {
		c, err := s.Endpoints.ClientConfiguration(t.Context(), s.Admin, s.Endpoint.ID, client)
		s.WantKind("without a chain", err, vpn.Conflict, "without its chain")
		if c.Text != "" || s.exports() != 0 {
			t.Errorf("got %q, %d records", c.Text, s.exports())
		}
	}
}

// A certificate that is not for clients is refused with a sentence for its field.
func TestConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"profile for the server", "client", func() error { _, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, id, s.Server.ID); return err }},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}
