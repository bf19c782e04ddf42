package certificate_test

import (
	"testing"
	"time"

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

// A validity that is not typed ends with the authority at the latest; one that is typed is taken or refused.
func TestValidityThatIsNotTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Clock.Pass(s.CA.NotAfter.Add(-20 * 24 * time.Hour).Sub(s.Clock.Now()))
	in := certificate.IssueSpec{Authority: s.CA.ID, Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256}
	c, err := s.Certificates.IssueCertificate(t.Context(), s.Admin, in)
	s.Must(err)
	if c.NotAfter.After(s.CA.NotAfter) || s.CA.NotAfter.Sub(c.NotAfter) > time.Minute {
		t.Errorf("it ends %v, the authority %v", c.NotAfter, s.CA.NotAfter)
	}
	in.ValidDays = "365"
	s.WantBadInput("longer than the authority", "valid_days", func() error {
		_, err := s.Certificates.IssueCertificate(t.Context(), s.Admin, in)
		return err
	})
}
