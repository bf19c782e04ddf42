package dataplane

import (
	"context"
	"errors"
	"time"

	"sallyport/dataplane/ovpn"
	sessions "sallyport/dataplane/session"
	"sallyport/vpn"
)

// answer tells the login's worker whether its client is let in. a.err is then why it is not.
func (ep *endpoint) answer(ctx context.Context, a *answer) {
	p, d := a.login, a.decision
	if !d.Allow {
		ep.log.InfoContext(ctx, "login denied", "common_name", p.request.CommonName, "device", p.request.Device, "reason", d.Reason)
		ep.deny(ctx, p.conn, p.client.cid, p.kid, "denied", d.Reason)
		return
	}
	if a.session == nil && !errors.Is(a.err, sessions.ErrKnownConnection) { // a known one continues
		ep.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Endpoint: ep.id, Reason: userMessage(a.err)}})
	}
	if a.session != nil {
		a.err = ep.letIn(ctx, a)
	}
	if a.err != nil {
		ep.log.WarnContext(ctx, "a granted login was not let in", "connection", d.Connection, "err", errorChain(a.err))
		ep.deny(ctx, p.conn, p.client.cid, p.kid, "not admitted", userMessage(a.err))
	}
}

// letIn lets the client of an admitted session in. Where that fails, or the kernel was not opened,
// the session ends.
func (ep *endpoint) letIn(ctx context.Context, a *answer) error {
	s, p := a.session, a.login
	if errors.Is(a.err, errEnded) {
		// It was terminated, and that is reported; or its worker ended, and its client has no token.
		ep.end(ctx, ending{reason: "The client could not be let in."}, s)
		return nil
	}
	if a.err != nil {
		ep.end(ctx, ending{reason: userMessage(a.err)}, s)
		return a.err
	}
	err := p.conn.Admit(ctx, p.client.cid, p.kid, a.config)
	switch {
	case errors.Is(err, ovpn.ErrNoClient):
		ep.end(ctx, ending{reason: "The client left before it was let in."}, s)
	case err != nil:
		// OpenVPN may have let it in.
		again := ovpn.Restart("Try again", true)
		ep.end(ctx, ending{reason: "The client could not be let in.", message: &again}, s)
		return err
	default:
		ep.mu.Lock()
		if ep.roster.has(s) {
			ep.roster.tokens[s.Token] = s
		}
		ep.mu.Unlock()
	}
	return nil
}

func (ep *endpoint) deny(ctx context.Context, conn *ovpn.Conn, cid ovpn.CID, kid ovpn.KID, logged, told string) {
	if err := conn.Deny(ctx, cid, kid, logged, told); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
		ep.log.WarnContext(ctx, "a client was not told that it is refused", "err", err)
	}
}

func (ep *endpoint) denyForNow(ctx context.Context, p *pending, logged string) {
	err := p.conn.DenyForNow(ctx, p.client.cid, p.kid, logged, "The VPN server cannot check your login right now. It is tried again.", 10*time.Second)
	if err != nil && !errors.Is(err, ovpn.ErrNoClient) && ctx.Err() == nil {
		ep.log.Warn("a login could not be denied", "err", err)
	}
}
