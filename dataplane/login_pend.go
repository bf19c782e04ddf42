package dataplane

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// Pend has the clients of waiting logins tell their users how to sign in, and keeps the logins until then. One that is
// malformed does not affect the others; NotFound where the only failure is that a login no longer waits.
func (e *Engine) Pend(ctx context.Context, ps []vpn.LoginPending) error {
	ctx = context.WithoutCancel(ctx) // finish even if the caller's context is cancelled
	errs := make([]error, len(ps))
	var pending sync.WaitGroup
	for i, l := range ps {
		pending.Go(func() { errs[i] = e.pend(ctx, l) })
	}
	pending.Wait()
	var failures []error
	var missing error
	for _, err := range errs {
		if errors.Is(err, errNoLogin) {
			missing = err
			continue
		}
		failures = append(failures, err)
	}
	return cmp.Or(errors.Join(failures...), missing)
}

func (e *Engine) pend(ctx context.Context, l vpn.LoginPending) error {
	if err := l.Validate(); err != nil {
		return err
	}
	ep := e.endpointOfLogin(l.ID)
	if ep == nil {
		return errNoLogin
	}
	return ep.pend(ctx, l)
}

// pend moves the end of a login's wait and tells its client. It waits for the worker, so it runs outside own.
func (ep *endpoint) pend(ctx context.Context, l vpn.LoginPending) error {
	var p *pending
	var conn *ovpn.Conn
	ep.do(func() {
		if p = ep.state.pending[l.ID]; p == nil {
			return
		}
		left := min(l.Until.Sub(ep.now()), p.began+vpn.SignInTime-session.Uptime())
		if left <= 0 {
			p = nil
			return
		}
		if p.patience != nil {
			p.patience.Stop()
		}
		p.pend = &l
		ep.waitFor(p, left)
		p.request.Pending, p.request.Deadline, p.request.Answer = true, ep.now().Add(left), ""
		ep.logins.Update(p.request, false)
		conn = p.conn
	})
	if p == nil {
		return errNoLogin
	}
	// The client counts from its TLS handshake. It hears of the end before it gives up by itself.
	err := conn.PendingAuth(ctx, p.client.CID, p.kid, l.Text(), vpn.SignInTime+signInGrace)
	if errors.Is(err, ovpn.ErrNoClient) {
		ep.do(func() { ep.claim(l.ID) })
		return errNoLogin
	}
	return err
}

// signInGrace is how much longer a client waits than its login does.
const signInGrace = 5 * time.Second

// errNotSignedIn is what a client is told whose user did not sign in.
var errNotSignedIn = vpn.Refuse(vpn.Denied, vpn.CodeBrowserTimeout, "No sign-in was completed in the browser in time. Connect again to sign in.")

// denyUnsigned denies a login whose user did not sign in in time. Its client does not try again by itself: it would open
// the browser once more each time.
func (ep *endpoint) denyUnsigned(p *pending) {
	ep.log.Info("login denied: its user did not sign in in time", "common_name", p.request.CommonName, "device", p.request.Device, "method", p.pend.Method, "code", errNotSignedIn.Code)
	if ok, _ := ep.rejected.take(ep.now()); ok {
		refused := p.request.Refused(errNotSignedIn.Code, errNotSignedIn.Msg)
		ep.events.Add(vpn.Event{Refused: &refused})
	}
	d := p.request.DenyWithReference(errNotSignedIn)
	ep.deny(p.conn, p.client.CID, p.kid, "no sign-in in time", vpn.ClientText(d.Code, d.Reason))
}
