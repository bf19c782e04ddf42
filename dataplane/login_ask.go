package dataplane

import (
	"crypto/rand"
	"errors"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// A login goes from OpenVPN's CLIENT:CONNECT to client-auth through five places: ovpn parses the
// notification, login_ask.go asks web, login_decide.go takes web's decision, login_admit.go
// opens the kernel for the session, login_answer.go answers OpenVPN. Where its user has to sign in outside of the client,
// login_pend.go has it wait for that.

// pending is a login that waits for web. It is in memory only, unless it was pended: the next process asks the worker for
// its clients, and disconnects each that no session is known of, so that it logs in again at once.
type pending struct {
	request vpn.LoginRequest
	// certificate is vpn.LoginRequest.CertificateKey.
	certificate string
	named       bool // the client sent a user name
	waits       bool // the client understands a denial for now
	client      session.Client
	device      string
	conn        *ovpn.Conn
	kid         ovpn.KID
	began       time.Duration     // in session.Uptime
	until       time.Duration     // likewise; when timer ends the login
	pend        *vpn.LoginPending // how the client's user signs in; nil where web decides by itself
	told        bool              // the worker has said that it told the client so
	garbled     bool              // the client sent an answer that is no text
	received    uint64            // what the worker had received from the client when it was last asked; 0: it was not yet
	timer       *time.Timer
	patience    *time.Timer // nil where the client is not told to wait longer
}

// maxPending bounds the logins of an endpoint that wait at once. Web decides hundreds in a second;
// more wait only where web does not answer, or where a client with a certificate opens logins to
// exhaust memory.
const maxPending = vpn.MaxWaitingLogins

// connect handles a client whose certificate was verified. A client that returns with a token of a
// session that we hold is let in again; every other login is sent to web as a question, that of a client with another
// token as well: its session may have outlived its connection, or the run directory. It runs in the owner goroutine.
func (ep *endpoint) connect(n worker.Event, ev ovpn.Connect) {
	ep.noteAsked(session.Client{Instance: n.Instance, CID: ev.CID})
	if !ev.Env.SharesCipher() {
		ep.refuseCipher(n, ev)
		return
	}
	if ev.Env.AltersCommonName() {
		ep.refuseName(n, ev)
		return
	}
	if ep.state.removed { // its workers are about to end
		go ep.denyForNow(n.Conn, ev.CID, ev.KID, ev.Env.WaitsAfterDenial(), "the endpoint is stopping", notNow())
		return
	}
	returns := ev.Env.SessionState().Authenticated()
	switch {
	case returns && ep.holds(ev.Env.SessionID()):
		ep.resume(n, ev)
		return
	case !returns && (ev.Env.OffersToken() || ev.Env.SessionState() != ovpn.SessionInitial):
		// A client forgets a token that is refused, and logs in again without it.
		go ep.deny(n.Conn, ev.CID, ev.KID, "token of no session", sessionOver())
		return
	}
	var continues vpn.ConnectionID
	if !returns {
		continues = ep.free(ev.Env)
	}
	timeout := ep.loginTimeout(ev.Env, returns)
	ep.ask(n, timeout, &pending{
		request: vpn.LoginRequest{
			ID: rand.Text(), Endpoint: ep.id, Device: ev.Env.Untrusted(), CommonName: ev.Env.CommonName(),
			Serial: ev.Env.Serial(), Fingerprint: ev.Env.Digest(), Issuer: ev.Env.IssuerDigest(), Chain: ev.Env.Chain(), Platform: ev.Env.Platform(), Version: clientVersion(ev.Env),
			Deadline: ep.now().Add(timeout), Token: ev.Env.SessionID(), Returns: returns, Continues: continues,
			Username: ep.loginName(ev.Env), Password: ep.passwordOf(ev.Env, returns), SSO: ev.Env.SSO(),
		},
		certificate: ep.certificateOf(ev.Env), named: ev.Env.Username() != "", waits: ev.Env.WaitsAfterDenial(), client: session.Client{Instance: n.Instance, CID: ev.CID},
		device: n.Worker.Device, conn: n.Conn, kid: ev.KID,
	})
}

// certificateOf names the certificate that a client was verified with among those of the endpoint.
func (ep *endpoint) certificateOf(env ovpn.Env) string {
	r := vpn.LoginRequest{CommonName: env.CommonName(), Serial: env.Serial(), Fingerprint: env.Digest(), Issuer: env.IssuerDigest()}
	return ep.authorities().Verify(r).CertificateKey()
}

// authorities are those that the clients' certificates are verified with. They are read once for each text: that took
// longer than all else that is done about a login before web is asked. It runs in the owner goroutine.
func (ep *endpoint) authorities() vpn.Authorities {
	s := &ep.state
	if text := s.desired.Keys.ClientCA; s.authorities == nil || s.authoritiesIn != text {
		s.authorities, s.authoritiesIn = vpn.AuthoritiesIn(text), text
	}
	return s.authorities
}

// loginName is what a client says that its user is called, where the endpoint asks for it.
func (ep *endpoint) loginName(env ovpn.Env) string {
	if !ep.state.desired.Passwords {
		return ""
	}
	return env.Username()
}

// passwordOf is what a login sends to web to be proved: nothing where the endpoint does not ask for a password, or where
// OpenVPN has proved a token that came in its place.
func (ep *endpoint) passwordOf(env ovpn.Env, returns bool) vpn.Secret {
	if !ep.state.desired.Passwords || returns {
		return ""
	}
	return env.Password()
}

func clientVersion(env ovpn.Env) string {
	if gui := env.GUIVersion(); gui != "" {
		return gui
	}
	return env.Version()
}

// loginTimeout is how long a login waits for web.
func (ep *endpoint) loginTimeout(env ovpn.Env, returns bool) time.Duration {
	switch {
	case !ep.state.desired.Passwords || returns:
		return decisionTimeout
	case env.WaitsWhenAsked():
		return patientTimeout
	default:
		return proofTimeout
	}
}

// ask sends a login to web, and denies it where no answer comes in time.
func (ep *endpoint) ask(n worker.Event, timeout time.Duration, p *pending) {
	if len(ep.state.pending) >= maxPending || ep.crowdsOut(p) || n.Worker.Conn(n.Instance) != n.Conn {
		ep.log.Warn("a login is denied: too many wait, or its worker has ended", "waiting", len(ep.state.pending), "common_name", p.request.CommonName, "user", p.request.Username)
		ep.reportUndecided(p)
		go ep.denyForNow(p.conn, p.client.CID, p.kid, p.waits, "too many logins wait", undecided())
		return
	}
	if former := ep.state.waiting[p.client]; former != nil {
		ep.forgetLogin(former) // the client asks again, under another KID
	}
	ep.state.pending[p.request.ID], ep.state.waiting[p.client] = p, p
	p.began = session.Uptime()
	ep.waitFor(p, timeout)
	if timeout == patientTimeout {
		p.patience = time.AfterFunc(patienceDelay, func() { ep.askForPatience(p.request.ID) })
	}
	ep.logins.Add(p.request)
}

// waitFor has a login wait for timeout from now. It runs in the owner goroutine.
func (ep *endpoint) waitFor(p *pending, timeout time.Duration) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.until = session.Uptime() + timeout
	p.timer = time.AfterFunc(timeout, func() { ep.decisionMissing(p.request.ID) })
}

// askForPatience has the client of a login that is not decided yet wait longer than its own 60 seconds.
func (ep *endpoint) askForPatience(id string) {
	var p *pending
	var conn *ovpn.Conn
	ep.do(func() {
		if p = ep.state.pending[id]; p != nil {
			conn = p.conn
		}
	})
	if p == nil {
		return
	}
	if err := conn.KeepWaiting(ep.ctx, p.client.CID, p.kid, patientTimeout+patienceDelay); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
		ep.log.Warn("a client was not asked to wait longer for its login", "err", err)
	}
}

// decisionMissing denies a login that web did not answer in time, or whose user did not sign in.
func (ep *endpoint) decisionMissing(id string) {
	var p *pending
	ep.do(func() {
		if p = ep.state.pending[id]; p == nil {
			return
		}
		if session.Uptime() < p.until { // it was pended meanwhile
			p = nil
			return
		}
		ep.forgetLogin(p)
	})
	if p == nil {
		return
	}
	if p.pend != nil {
		ep.denyUnsigned(p)
		return
	}
	ep.log.Warn("web did not answer a login in time; it is denied", "common_name", p.request.CommonName, "user", p.request.Username)
	ep.reportUndecided(p)
	ep.denyForNow(p.conn, p.client.CID, p.kid, p.waits, "no decision in time", undecided())
}

// claim removes a waiting login, so that only this caller answers it; nil where it does not wait. It
// runs in the owner goroutine.
func (ep *endpoint) claim(id string) *pending {
	p := ep.state.pending[id]
	if p != nil {
		ep.forgetLogin(p)
	}
	return p
}

// forgetLogin removes a waiting login; its client hears of the answer when it asks. It runs in the owner goroutine.
func (ep *endpoint) forgetLogin(p *pending) {
	p.timer.Stop()
	if p.patience != nil {
		p.patience.Stop()
	}
	ep.logins.Remove(p.request.ID)
	if p.pend != nil {
		ep.unjournalLogin(p.request.ID)
	}
	p.request.Password, p.request.Answer = "", ""
	delete(ep.state.pending, p.request.ID)
	ep.noteAsked(p.client)
	if ep.state.waiting[p.client] == p {
		delete(ep.state.waiting, p.client)
	}
}
