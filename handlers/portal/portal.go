package portal

import (
	"log/slog"
	"time"

	"sallyport/control"
	"sallyport/control/branding"
	"sallyport/control/device"
	"sallyport/control/installer"
	"sallyport/control/portal"
	"sallyport/control/signin"
	"sallyport/handlers/portal/access"
	devices "sallyport/handlers/portal/device"
	"sallyport/handlers/portal/mfa"
	"sallyport/handlers/portal/revocation"
	"sallyport/handlers/portal/saml"
	"sallyport/handlers/portal/selfservice"
	signins "sallyport/handlers/portal/signin"
)

// Services are the use cases that the public pages offer. Every field is required.
type Services struct {
	Core    *control.Core
	SignIns *signin.Service
	Portal  *portal.Service
	// What the pages say of themselves, and the programs that they offer.
	Branding   *branding.Service
	Installers *installer.Service
	Devices    *device.Service
	// Files are those that one-time links open.
	Files selfservice.Files
	// Providers are the SAML providers, as far as the public pages need them.
	Providers saml.Providers
	// Lists are the revocation lists of authorities.
	Lists revocation.Lists
}

// Config is what the actions of the public pages need. Every field is required.
type Config struct {
	Services Services
	Log      *slog.Logger
	Now      func() time.Time
}

// Portal is the set of the actions, by noun.
type Portal struct {
	SelfService *selfservice.Pages
	Access      *access.Pages
	Devices     *devices.Pages
	MFA         *mfa.Pages
	SignIns     *signins.SignIns
	SAML        *saml.SAML
	Lists       *revocation.Pages
}

// New makes the actions.
func New(c Config) *Portal {
	return &Portal{
		SelfService: selfservice.New(c.Services.Portal, c.Services.Branding, c.Services.Installers, c.Services.Files, c.Now),
		Access:      access.New(c.Services.Portal, c.Now),
		Devices:     devices.New(c.Services.Devices, c.Now),
		MFA:         mfa.New(c.Services.Portal, c.Now),
		SignIns:     signins.New(c.Services.SignIns, c.Now),
		SAML:        saml.New(c.Services.Providers),
		Lists:       revocation.New(c.Services.Lists),
	}
}
