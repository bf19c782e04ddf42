package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/vpn"
)

// How many answers of identity providers are judged at a time, of one source and in all, and how many wait: a visitor without
// an account may send one of maxPublicBody, which takes a few times that when it is parsed.
var (
	formsOfSource = turn.Limit{Places: 16, Wanted: 256}
	formsOfAll    = turn.Limit{Places: 128, Wanted: 2048}
)

// formWait is how long a form waits to be judged.
const formWait = 10 * time.Second

// An answer is received before it takes a place, so that clients that send slowly keep no place from others. Each may have
// usualForm in memory meanwhile, which the limit of connections bounds; what larger ones take beyond it is bounded by source and
// in all, in bytes.
const (
	usualForm     = 32 << 10
	largeOfSource = 4 << 20
	largeOfAll    = 64 << 20
)

// largeForms is the memory of forms that are larger than usualForm, from when more of them is received until they are judged.
type largeForms struct {
	mu  sync.Mutex     // guards all below
	of  map[string]int // bytes by source
	all int
}

// take reserves memory. It is false where the source, or all sources, have too much.
func (l *largeForms) take(source string, size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[source]+size > largeOfSource || l.all+size > largeOfAll {
		return false
	}
	l.of[source] += size
	l.all += size
	return true
}

func (l *largeForms) give(source string, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all -= size
	if l.of[source] -= size; l.of[source] == 0 {
		delete(l.of, source)
	}
}

// receive reads a form into memory; done gives the memory back. The body is limited already.
func (l *largeForms) receive(r *http.Request, source string) (done func(), err error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, usualForm))
	if err != nil || len(text) < usualForm {
		r.Body = io.NopCloser(bytes.NewReader(text))
		return func() {}, err
	}
	size := maxPublicBody - usualForm
	if !l.take(source, size) {
		return nil, errManyForms
	}
	rest, err := io.ReadAll(r.Body)
	if err != nil {
		l.give(source, size)
		return nil, err
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text), bytes.NewReader(rest)))
	return func() { l.give(source, size) }, nil
}

var errManyForms = vpn.Refuse(vpn.Unavailable, vpn.CodeRequestLimitExceeded, "Many users sign in at the moment. Load this page again in some seconds: your sign-in then continues.")

// takeTurns receives the forms of identity providers, and has them take turns before they are parsed.
func takeTurns(next echo.HandlerFunc) echo.HandlerFunc {
	forms := turn.Sources{OfOne: formsOfSource, OfAll: formsOfAll}
	large := largeForms{of: map[string]int{}}
	return func(c echo.Context) error {
		ctx, source := c.Request().Context(), control.SourceNetwork(c.RealIP())
		forget, err := large.receive(c.Request(), source)
		if err != nil {
			return err
		}
		defer forget()
		wait, cancel := context.WithTimeout(ctx, formWait)
		defer cancel()
		done, err := forms.Take(wait, source)
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
