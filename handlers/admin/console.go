package admin

import (
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/endpoint"
	"sallyport/control/network"
	"sallyport/control/node"
	"sallyport/control/tutorial"
)

// Sessions keeps the browser's side of a sign-in. Package web fits it over gorilla/sessions.
type Sessions interface {
	// Token is the session's identifier as the browser sent it, valid or not; "" for none.
	Token(c echo.Context) string
	// Begin gives the browser a new session.
	Begin(c echo.Context, token string) error
	// End takes the session from the browser.
	End(c echo.Context) error
}

// Services are the use cases that the console offers. Every field is required.
type Services struct {
	Core         *control.Core
	Access       *access.Service
	Networks     *network.Service
	Certificates *certificate.Service
	Endpoints    *endpoint.Service
	Nodes        *node.Service
	Tutorial     *tutorial.Service
}

// Config is what the console's actions need. Every field is required.
type Config struct {
	Services Services
	Sessions Sessions
	Log      *slog.Logger
	Now      func() time.Time
}

// Console is the set of the console's actions.
type Console struct {
	core         *control.Core
	access       *access.Service
	networks     *network.Service
	certificates *certificate.Service
	endpoints    *endpoint.Service
	nodes        *node.Service
	tutorial     *tutorial.Service
	sessions     Sessions
	log          *slog.Logger
	now          func() time.Time
}

// New makes the actions.
func New(c Config) *Console {
	s := c.Services
	return &Console{
		core: s.Core, access: s.Access, networks: s.Networks, certificates: s.Certificates, endpoints: s.Endpoints,
		nodes: s.Nodes, tutorial: s.Tutorial, sessions: c.Sessions, log: c.Log, now: c.Now,
	}
}
