package endpoint_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/controltest"
	"sallyport/control/endpoint"
	"sallyport/vpn"
)

// token is the secret in the address of a link.
func token(l endpoint.MadeLink) vpn.Secret {
	return vpn.Secret(strings.TrimPrefix(l.URL.Reveal(), controltest.PublicURL+"/file/"))
}

// A one-time link shows what it opens as often as it is asked, and gives the file once: also where two ask at the same moment.
func TestConfigurationLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	made, err := s.Endpoints.MakeLink(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID, "24")
	s.Must(err)
	if r := s.LastAudit(); r.Action != vpn.CreateConfigurationLink || r.Subject != string(s.Endpoint.ID) || strings.Contains(r.After, token(made).Reveal()) || !strings.Contains(r.After, string(s.Alice.ID)) {
		t.Errorf("audit %+v", r)
	}
	for range 3 {
		offer, err := s.Endpoints.OfferLink(ctx, token(made))
		s.Must(err)
		if offer.Client != "alice" || !strings.HasSuffix(offer.FileName, "-alice.ovpn") || !offer.EndsAt.Equal(s.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("offer %+v", offer)
		}
	}
	exports := s.exports()
	var files, refused int
	var got endpoint.Configuration
	var guard sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			file, err := s.Endpoints.UseLink(ctx, token(made), false, "198.51.100.7", "request-1")
			guard.Lock()
			defer guard.Unlock()
			switch {
			case err == nil:
				files, got = files+1, file
			case errors.Is(err, vpn.ErrConfigurationLink):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if files != 1 || refused != 3 {
		t.Fatalf("%d files, %d refused", files, refused)
	}
	r := s.LastAudit()
	want, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID)
	s.Must(err)
	if got.Text != want.Text || got.FileName != want.FileName {
		t.Error("the file of the link is not that of the console")
	}
	if s.exports() != exports+2 || r.Actor != "one-time link of admin" || r.Source != "198.51.100.7" || r.Action != vpn.ExportClientVpnClientConfiguration || strings.Contains(r.After, "PRIVATE") {
		t.Errorf("audit %+v", r)
	}
	offer, err := s.Endpoints.OfferLink(ctx, token(made))
	if err != nil || !offer.UsedAt.Equal(s.Clock.Now()) {
		t.Errorf("a used link: %+v, %v", offer, err)
	}
	list, err := s.Endpoints.Links(ctx, s.ReadOnly, s.Endpoint.ID)
	s.Must(err)
	if len(list) != 1 || list[0].State(s.Clock.Now()) != vpn.LinkUsed || list[0].UsedFrom != "198.51.100.7" {
		t.Errorf("links %+v", list)
	}
}

// A link opens nothing after its end, when it was withdrawn, when its maker may download no file, when its certificate is blocked,
// and when it never was one. The answer is the same.
func TestClosedConfigurationLinks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(s *site, made endpoint.MadeLink){
		"used, and at its end": func(s *site, made endpoint.MadeLink) {
			_, err := s.Endpoints.UseLink(s.T.Context(), token(made), false, "198.51.100.7", "")
			s.Must(err)
			s.Clock.Pass(24 * time.Hour)
		},
		"used, and the certificate is blocked": func(s *site, made endpoint.MadeLink) {
			_, err := s.Endpoints.UseLink(s.T.Context(), token(made), false, "198.51.100.7", "")
			s.Must(err)
			_, err = s.Certificates.BlockCertificate(s.T.Context(), s.Admin, s.Alice.ID)
			s.Must(err)
		},
		"expired": func(s *site, _ endpoint.MadeLink) { s.Clock.Pass(24 * time.Hour) },
		"withdrawn": func(s *site, made endpoint.MadeLink) {
			s.Must(s.Endpoints.WithdrawLink(s.T.Context(), s.Admin, s.Endpoint.ID, made.ID))
		},
		"the maker is read-only": func(s *site, made endpoint.MadeLink) {
			_, err := s.Access.EditAdministrator(s.T.Context(), s.Admin, made.Maker, access.AdministratorEdit{Version: 1, Role: vpn.RoleReadOnly})
			s.Must(err)
		},
		"the maker is disabled": func(s *site, made endpoint.MadeLink) {
			s.Must(s.Access.SetDisabled(s.T.Context(), s.Admin, made.Maker, true))
		},
		"the certificate is revoked": func(s *site, _ endpoint.MadeLink) {
			_, err := s.Certificates.RevokeCertificate(s.T.Context(), s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise})
			s.Must(err)
			_, err = s.Endpoints.ClientConfiguration(s.T.Context(), s.Admin, s.Endpoint.ID, s.Alice.ID)
			s.WantKind("a file with a revoked certificate", err, vpn.Invalid, "is revoked")
			choices, err := s.Endpoints.ClientCertificates(s.T.Context(), s.Admin, s.Endpoint.ID, "")
			s.Must(err)
			if len(choices.List) != 0 {
				s.T.Errorf("offered: %v", choices.List)
			}
		},
		"the certificate is blocked": func(s *site, _ endpoint.MadeLink) {
			_, err := s.Certificates.BlockCertificate(s.T.Context(), s.Admin, s.Alice.ID)
			s.Must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			maker := s.Account("maker", vpn.RoleAdministrator)
			made, err := s.Endpoints.MakeLink(t.Context(), maker, s.Endpoint.ID, s.Alice.ID, "24")
			s.Must(err)
			if _, err := s.Endpoints.OfferLink(t.Context(), token(made)); err != nil {
				t.Fatal(err)
			}
			c(s, made)
			exports := s.exports()
			for _, secret := range []vpn.Secret{token(made), vpn.NewToken(), "", "\x00", vpn.Secret(made.ID)} {
				if _, err := s.Endpoints.OfferLink(t.Context(), secret); !errors.Is(err, vpn.ErrConfigurationLink) {
					t.Errorf("offer: %v", err)
				}
				if _, err := s.Endpoints.UseLink(t.Context(), secret, false, "198.51.100.7", ""); !errors.Is(err, vpn.ErrConfigurationLink) {
					t.Errorf("use: %v", err)
				}
			}
			if s.exports() != exports {
				t.Error("an export is recorded")
			}
		})
	}
}

// What cannot be handed over is refused, beside its field, and nothing is made.
func TestConfigurationLinkRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	_, err := s.Endpoints.MakeLink(ctx, s.ReadOnly, s.Endpoint.ID, s.Alice.ID, "24")
	s.WantKind("a read-only account", err, vpn.Denied, "read-only")
	for _, c := range []struct {
		what, field string
		client      vpn.CertificateID
		hours       string
	}{
		{"no client", "client", "", "24"}, {"no time", "hours", s.Alice.ID, ""}, {"another time", "hours", s.Alice.ID, "25"}, {"an authority", "client", s.CA.ID, "24"},
	} {
		s.WantBadInput(c.what, c.field, func() error {
			_, err := s.Endpoints.MakeLink(ctx, s.Admin, s.Endpoint.ID, c.client, c.hours)
			return err
		})
	}
	for range vpn.MaxOpenLinks {
		_, err := s.Endpoints.MakeLink(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID, "1")
		s.Must(err)
	}
	_, err = s.Endpoints.MakeLink(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID, "1")
	s.WantKind("one more", err, vpn.Conflict, "100 one-time links")
	s.Clock.Pass(time.Hour)
	_, err = s.Endpoints.MakeLink(ctx, s.Admin, s.Endpoint.ID, s.Alice.ID, "1")
	s.Must(err)
}
