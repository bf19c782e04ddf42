package dataplane

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// answer is web's decision on one login, on its way to the login's worker.
type answer struct {
	login    *pending
	decision vpn.LoginDecision
	// Where the decision allows:
	session    session.Session
	opened     bool // the session is in the table
	directives []ovpn.Directive
	told       error // why its worker does not let it in
	err        error // why the client is not let in
}

var errNoLogin = vpn.Refuse(vpn.NotFound, vpn.CodeLoginNotFound, "This login does not wait any more.")

// decide carries out web's decisions: sessions are made, the kernel is opened for all of them in one
// transaction, and the workers are answered side by side, so that a worker that does not answer delays
// its own clients only. NotFound where the only failure is that a login no longer waits.
func (ep *endpoint) decide(ctx context.Context, ds []vpn.LoginDecision) error {
	ctx = context.WithoutCancel(ctx) // finish even if the caller's context is cancelled
	var missing error
	var granted []*answer
	byWorker := map[*ovpn.Conn][]*answer{}
	ran := ep.do(func() {
		for _, d := range ds {
			p := ep.claim(d.ID)
			if p == nil {
				missing = errNoLogin
				continue
			}
			a := &answer{login: p, decision: d}
			byWorker[p.conn] = append(byWorker[p.conn], a)
			if d.Allow {
				granted = append(granted, a)
			}
		}
		ep.admit(granted)
	})
	if !ran {
		return errNoLogin
	}
	var workers sync.WaitGroup
	for conn, answers := range byWorker {
		workers.Go(func() { ep.answerAll(ctx, conn, answers) })
	}
	workers.Wait()
	failures := make([]error, 0, len(granted))
	for _, a := range granted {
		failures = append(failures, a.err)
	}
	return cmp.Or(errors.Join(failures...), missing)
}
