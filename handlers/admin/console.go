package admin

import (
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
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

// Config is what the console's actions need. Every field is required.
type Config struct {
	Control  *control.Service
	Sessions Sessions
	Log      *slog.Logger
	Now      func() time.Time
}

// Console is the set of the console's actions.
type Console struct {
	control  *control.Service
	sessions Sessions
	log      *slog.Logger
	now      func() time.Time
}

// New makes the actions.
func New(c Config) *Console {
	return &Console{control: c.Control, sessions: c.Sessions, log: c.Log, now: c.Now}
}
