package certificate_test

import (
	"testing"

	"sallyport/vpn"
)

// A certificate is found by its new name, and stays the same certificate.
func TestRenameCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	c, err := s.Certificates.RenameCertificate(ctx, s.Admin, s.Alice.ID, "alice", "alice laptop")
	s.Must(err)
	page, err := s.Certificates.Certificates(ctx, s.Admin, vpn.List{Search: "alice laptop"})
	s.Must(err)
	if len(page.Items) != 1 || page.Items[0].Name != c.Name || page.Items[0].Fingerprint != s.Alice.Fingerprint || page.Items[0].CommonName != "alice" {
		t.Errorf("listed %+v", page.Items)
	}
	if r := s.LastAudit(); r.Action != vpn.RenameCertificate || r.Subject != string(s.Alice.ID) || r.Before != `"alice"` || r.After != `"alice laptop"` {
		t.Errorf("the record is %+v", r)
	}
	s.WantRefusal("after another save", vpn.Stale, "changed this certificate", func() error {
		_, err := s.Certificates.RenameCertificate(ctx, s.Admin, s.Alice.ID, "alice", "bob")
		return err
	})
	s.WantBadInput("markup", "name", func() error {
		_, err := s.Certificates.RenameCertificate(ctx, s.Admin, s.Alice.ID, "alice laptop", "<b>")
		return err
	})
	if c, err = s.Certificates.RenameCertificate(ctx, s.Admin, s.Alice.ID, "alice laptop", " "); err != nil || c.Name != "alice" {
		t.Errorf("without a name it is %q, %v", c.Name, err)
	}
	_, err = s.Certificates.RenameCertificate(ctx, s.ReadOnly, s.Alice.ID, "alice", "x")
	s.WantKind("a read-only account", err, vpn.Denied, "")
}
