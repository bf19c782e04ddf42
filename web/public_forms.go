package web

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/vpn"
)

// How many answers of identity providers are in memory at a time, of one source and in all, and how many wait: a visitor
// without an account may send one of maxPublicBody, which takes a few times that when it is read.
var (
	formsOfSource = turn.Limit{Places: 16, Wanted: 256}
	formsOfAll    = turn.Limit{Places: 128, Wanted: 2048}
)

// formWait is how long a form waits to be read.
const formWait = 10 * time.Second

var errManyForms = vpn.Refuse(vpn.Unavailable, vpn.CodeRequestLimitExceeded, "Many users sign in at the moment. Load this page again in some seconds: your sign-in then continues.")

// takeTurns has the forms of identity providers take turns, before they are read.
func takeTurns(next echo.HandlerFunc) echo.HandlerFunc {
	forms := turn.Sources{OfOne: formsOfSource, OfAll: formsOfAll}
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		wait, cancel := context.WithTimeout(ctx, formWait)
		defer cancel()
		done, err := forms.Take(wait, control.SourceNetwork(c.RealIP()))
		if errors.Is(err, turn.ErrMany) || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return errManyForms
		}
		if err != nil {
			return err
		}
		defer done()
		return next(c)
	}
}
