package certificate_test

import (
	"testing"

	"sallyport/control/certificate"
	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestImportIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"a PEM that is no PEM", "certificate", func() error {
			_, err := s.Certificates.ImportCertificate(ctx, s.Admin, certificate.ImportSpec{Name: "x", Use: vpn.UseAuthority, Certificate: "hello"})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}
