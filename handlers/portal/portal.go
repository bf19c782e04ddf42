package portal

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/signin"
	"sallyport/handlers/portal/page"
	"sallyport/handlers/portal/saml"
	signins "sallyport/handlers/portal/signin"
	views "sallyport/views/portal"
)

// Services are the use cases that the public pages offer. Every field is required.
type Services struct {
	Core    *control.Core
	SignIns *signin.Service
	// Providers are the SAML providers, as far as the public pages need them.
	Providers saml.Providers
}

// Config is what the actions of the public pages need. Every field is required.
type Config struct {
	Services Services
	Log      *slog.Logger
	Now      func() time.Time
}

// Portal is the set of the actions, by noun.
type Portal struct {
	SignIns *signins.SignIns
	SAML    *saml.SAML
}

// New makes the actions.
func New(c Config) *Portal {
	return &Portal{SignIns: signins.New(c.Services.SignIns, c.Now), SAML: saml.New(c.Services.Providers)}
}

// Landing says what this address is to a person who opens it by hand.
func (*Portal) Landing(c echo.Context) error { return page.Render(c, http.StatusOK, views.Landing()) }
