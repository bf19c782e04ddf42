package certificate_test

import (
	"testing"

	"sallyport/control/certificate"
	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestIssueIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"authority without a name", "common_name", func() error {
			_, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{KeyType: vpn.ECDSAP256})
			return err
		}},
		{"weak key", "key_type", func() error {
			_, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "x", KeyType: "RSA 1024"})
			return err
		}},
		{"issue without authority", "authority", func() error {
			_, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256})
			return err
		}},
		{"issue by a server", "authority", func() error {
			_, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Authority: s.Server.ID, Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}
