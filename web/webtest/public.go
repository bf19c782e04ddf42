package webtest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"sallyport/control/controltest"
	"sallyport/handlers/portal"
	"sallyport/web"
)

// PublicURL is where the public pages of a site are; they answer on a loopback address as well.
const PublicURL = "https://portal.example.test"

// PublicServices are the kit's use cases as the public pages take them.
func (s *Site) PublicServices() portal.Services { return PublicServicesOf(s.Kit) }

// PublicServicesOf are the use cases of the public pages over those of a kit.
func PublicServicesOf(k *controltest.Kit) portal.Services {
	return portal.Services{Core: k.Core, SignIns: k.SignIns, Portal: k.Portal, Devices: k.Devices, Files: k.Endpoints, Branding: k.Branding, Installers: k.Installers, Providers: k.Identity, Lists: k.Certificates}
}

// NewPublic serves the public pages alone over the use cases of a kit, and gives their address.
func NewPublic(t testing.TB, k *controltest.Kit) (base string) {
	t.Helper()
	u, _ := url.Parse(PublicURL) // a constant
	server := httptest.NewUnstartedServer(web.NewPublic(web.PublicConfig{Services: PublicServicesOf(k), Log: k.Core.Log, Now: k.Clock.Now, URL: u, Loopback: true}))
	server.Config.ErrorLog = slog.NewLogLogger(k.Core.Log.Handler(), slog.LevelDebug)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// PublicOption changes the configuration of the public pages.
type PublicOption func(*web.PublicConfig)

// PublicHandler makes the handler of the public pages.
func (s *Site) PublicHandler(options ...PublicOption) http.Handler {
	base, _ := url.Parse(PublicURL) // a constant
	config := web.PublicConfig{Services: s.PublicServices(), Log: s.Kit.Core.Log, Now: s.Kit.Clock.Now, URL: base, Loopback: true}
	for _, o := range options {
		o(&config)
	}
	return web.NewPublic(config)
}

// StartPublic serves the public pages over TLS, beside the console, and gives their address.
func (s *Site) StartPublic(t testing.TB, options ...PublicOption) (base string) {
	t.Helper()
	server := httptest.NewUnstartedServer(s.PublicHandler(options...))
	server.Config.ErrorLog = s.Config.ErrorLog
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// At is the same browser, with its cookies, at another address: that of StartPublic, or the console's.
func (b *Browser) At(base string) *Browser { return &Browser{b.T, b.Site, b.Client, base} }
