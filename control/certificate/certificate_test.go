package certificate_test

import (
	"testing"

	"sallyport/vpn"
)

// A certificate that an endpoint uses is not deleted, and the error names the endpoint.
func TestCertificateInUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"server certificate":  {func() error { return s.Certificates.DeleteCertificate(ctx, s.Admin, s.Server.ID) }, vpn.Conflict, "is used by endpoint main"},
		"client authority":    {func() error { return s.Certificates.DeleteCertificate(ctx, s.Admin, s.CA.ID) }, vpn.Conflict, "is used by endpoint"},
		"no such certificate": {func() error { return s.Certificates.DeleteCertificate(ctx, s.Admin, vpn.NewCertificateID()) }, vpn.NotFound, "certificate"},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}

// The list names the endpoints where a client is connected with its certificate now, and where it last logged in.
func TestCertificatesInUseByClients(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.establish(s.login("1", s.Alice))
	page, err := s.Certificates.Certificates(t.Context(), s.Admin, vpn.List{})
	s.Must(err)
	for _, c := range page.Items {
		want := 0
		if c.ID == s.Alice.ID {
			want = 1
		}
		if len(c.Connected) != want || want == 1 && c.Connected[0].ID != s.Endpoint.ID {
			t.Errorf("%s is connected to %v", c.Label(), c.Connected)
		}
		login := vpn.CertificateLogin{}
		if want == 1 {
			login = vpn.CertificateLogin{At: s.Clock.Now(), Endpoint: vpn.EndpointRef{ID: s.Endpoint.ID, Name: s.Endpoint.Name}}
		}
		if c.Login != login {
			t.Errorf("the last login with %s is %+v, want %+v", c.Label(), c.Login, login)
		}
	}
}
