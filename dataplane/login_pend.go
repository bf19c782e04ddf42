package dataplane

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
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
		p.pend, p.told = &l, false
		ep.waitFor(p, left)
		p.request.Pending, p.request.Deadline, p.request.Answer = true, ep.now().Add(left), ""
		ep.journalLogin(p)
		ep.logins.Update(p.request, false)
		conn = p.conn
	})
	if p == nil {
		return errNoLogin
	}
	return ep.tellSignIn(ctx, conn, p, l.Text())
}

// tellSignIn tells the client of a login how its user signs in. It waits for the worker, so it runs outside own.
func (ep *endpoint) tellSignIn(ctx context.Context, conn *ovpn.Conn, p *pending, text string) error {
	// The client counts from its TLS handshake. It hears of the end before it gives up by itself.
	err := conn.PendingAuth(ctx, p.client.CID, p.kid, text, vpn.SignInTime+signInGrace)
	ep.do(func() {
		switch {
		case ep.state.waiting[p.client] != p: // it was decided meanwhile
		case err == nil:
			p.told = true
			ep.journalLogin(p)
		case errors.Is(err, ovpn.ErrNoClient):
			ep.forgetLogin(p)
		}
	})
	if errors.Is(err, ovpn.ErrNoClient) {
		return errNoLogin
	}
	return err
}

// signInAnswered passes on what a client's user entered, once each time that the client is told: a client may send answers
// without end.
func (ep *endpoint) signInAnswered(n worker.Event, ev ovpn.CRResponse) {
	p := ep.state.waiting[session.Client{Instance: n.Instance, CID: ev.CID}]
	if p == nil || p.pend == nil || p.pend.Method != vpn.SSOCRText || p.kid != ev.KID || p.request.Answer != "" {
		return
	}
	answer, ok := ev.Text()
	if !ok {
		if !p.garbled {
			p.garbled = true
			ep.log.Warn("a client sent an answer that is no text; it and others are ignored", "common_name", p.request.CommonName, "device", p.request.Device)
		}
		return
	}
	p.request.Answer = answer
	ep.logins.Update(p.request, true)
}

// How many logins of an endpoint may wait for a person. They wait for minutes, and each keeps a place at its worker: the
// clients that return by token, and new handshakes, must always find one.
const shareOfSource = 8 // of vpn.BrowserPlaces: one host

// crowdsOut tells whether a login would wait for a person beside too many others. It runs in the owner goroutine.
func (ep *endpoint) crowdsOut(p *pending) bool {
	if !ep.state.desired.Browser || p.request.Returns {
		return false
	}
	most := vpn.BrowserPlaces(ep.clientCIDR)
	all, here := 0, 0
	for _, other := range ep.state.pending {
		if !other.request.Returns && other.client != p.client {
			all++
			if other.request.Device.Addr() == p.request.Device.Addr() {
				here++
			}
		}
	}
	return all >= most || here >= most/shareOfSource
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
