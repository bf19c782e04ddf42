package dataplane

import (
	"context"
	"errors"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

const (
	cannotCheck = "The VPN server cannot check your login right now. Your client tries again."
	cannotLetIn = "The VPN server cannot let you in right now. Your client tries again."
	// denialBackoff is when a client tries again whose login could not be decided.
	denialBackoff = 10 * time.Second
)

// answerAll sends decisions to their worker: those who are let in are told by one write, and then the others. It waits for
// the worker, so it runs outside own.
func (ep *endpoint) answerAll(ctx context.Context, conn *ovpn.Conn, answers []*answer) {
	var opened []*answer
	var admissions []ovpn.Admission
	for _, a := range answers {
		if a.opened && a.err == nil {
			opened = append(opened, a)
			admissions = append(admissions, ovpn.Admission{CID: a.login.client.CID, KID: a.login.kid, Directives: a.directives})
		}
	}
	for i, err := range conn.AdmitAll(ctx, admissions...) {
		opened[i].told = err
	}
	if len(opened) > 0 {
		ep.do(func() {
			for _, a := range opened {
				if a.told == nil {
					ep.sessions.AllowReturn(a.session.Connection)
				}
			}
		})
	}
	for _, a := range answers {
		ep.answer(ctx, a)
	}
}

// answer is answerAll for one login, after those who are let in were told. a.err is then why the client is not let in.
func (ep *endpoint) answer(ctx context.Context, a *answer) {
	p, d := a.login, a.decision
	if !d.Allow {
		ep.log.InfoContext(ctx, "login denied", "common_name", p.request.CommonName, "user", p.request.Username, "device", p.request.Device, "code", d.Code, "reason", d.Reason, "later", d.Later)
		if d.Code == vpn.CodeLoginNotDecided { // what web could not decide it could not record either
			ep.reportUndecided(p)
		}
		if d.Later {
			ep.denyForNow(p.conn, p.client.CID, p.kid, p.waits, "denied for now", vpn.ClientText(d.Code, d.Reason))
			return
		}
		ep.deny(p.conn, p.client.CID, p.kid, "denied", vpn.ClientText(d.Code, d.Reason))
		return
	}
	if a.rejoined() {
		ep.answerRejoined(a)
		return
	}
	switch {
	case a.opened:
		a.err = ep.letIn(ctx, a)
	case errors.Is(a.err, session.ErrKnownConnection): // it continues
	case terminated(a.err): // Terminate has reported its end
	default:
		ep.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Endpoint: ep.id, Code: forUser(a.err).Code, Reason: forUser(a.err).Msg}})
	}
	if isForNow(a.err) {
		ep.denyForNow(p.conn, p.client.CID, p.kid, p.waits, "no place yet", clientText(a.err))
		return
	}
	if a.err != nil {
		ep.log.WarnContext(ctx, "a granted login was not let in", "connection", d.Connection, "err", errorChain(a.err))
		ep.deny(p.conn, p.client.CID, p.kid, "not admitted", clientText(a.err))
	}
}

// terminated tells whether a login was not let in because its connection was terminated meanwhile.
func terminated(err error) bool {
	refused, ok := errors.AsType[*vpn.Error](err)
	return ok && refused.Code == vpn.CodeConnectionTerminated
}

// letIn is about a client whose worker was told to let it in. Where that failed, or the kernel was not opened, its session
// ends.
func (ep *endpoint) letIn(ctx context.Context, a *answer) error {
	id, only := a.session.Connection, stillOf(a.session)
	if a.err != nil {
		ep.end(ctx, ending{code: forUser(a.err).Code, reason: forUser(a.err).Msg, only: only}, id)
		return a.err
	}
	err := a.told
	switch {
	case errors.Is(err, ovpn.ErrNoClient):
		ep.end(ctx, ending{code: vpn.CodeConnectionNotEstablished, reason: "The client left before it was let in.", only: only}, id)
	case err != nil:
		// OpenVPN may have let it in.
		again := ovpn.Restart("Try again", true)
		ep.end(ctx, ending{code: vpn.CodeConnectionNotEstablished, reason: "The client could not be let in.", message: &again, only: only}, id)
		return err
	}
	return nil
}

// deny refuses a client. userText is shown to its user.
func (ep *endpoint) deny(conn *ovpn.Conn, cid ovpn.CID, kid ovpn.KID, logReason, userText string) {
	if err := conn.Deny(ep.ctx, cid, kid, logReason, userText); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
		ep.log.Warn("a client was not notified that it is refused", "err", err)
	}
}

// denyForNow refuses a client that tries again by itself. userText is shown to its user. Clients before 2.6
// end at any AUTH_FAILED, so they are told to connect again, which they do by their connect-retry.
func (ep *endpoint) denyForNow(conn *ovpn.Conn, cid ovpn.CID, kid ovpn.KID, waits bool, logReason, userText string) {
	var err error
	if waits {
		err = conn.DenyForNow(ep.ctx, cid, kid, logReason, userText, denialBackoff)
	} else {
		err = conn.Kill(ep.ctx, cid, ovpn.Restart(userText, true))
	}
	if err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
		ep.log.Warn("a login could not be denied", "err", err)
	}
}

// reportUndecided reports a login that was not decided, within the limit of such reports.
func (ep *endpoint) reportUndecided(p *pending) {
	if ok, _ := ep.rejected.take(ep.now()); ok {
		refused := p.request.Refused(vpn.CodeLoginNotDecided, cannotCheck)
		ep.events.Add(vpn.Event{Refused: &refused})
	}
}

// undecided is what the client of a login is told that was not decided.
func undecided() string { return vpn.ClientText(vpn.CodeLoginNotDecided, cannotCheck) }

// notNow is what a client is told that may come in, but not at this moment.
func notNow() string { return vpn.ClientText(vpn.CodeLoginNotDecided, cannotLetIn) }

// sessionOver is what a client is told whose session continues no more.
func sessionOver() string {
	over := vpn.SessionOver()
	return vpn.ClientText(over.Code, over.Msg)
}
