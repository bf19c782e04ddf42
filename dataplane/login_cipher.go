package dataplane

import (
	"errors"
	"strings"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// noCipher is what a client is told that has no data cipher in common with the server.
const noCipher = "Your program and this server have no data cipher in common. Use OpenVPN 2.6 or later without cipher lines of your own."

// errNoCipher is the same for administrators.
var errNoCipher = vpn.Refuse(vpn.Denied, vpn.CodeCipherMismatch,
	"The client has no data cipher in common with this server, which has "+strings.Join(vpn.DataCiphers(), ", ")+".")

// refuseCipher refuses a client that announces data ciphers of which the server has none. OpenVPN itself
// would refuse it only after the login, and report it as established.
func (ep *endpoint) refuseCipher(n worker.Event, ev ovpn.Connect) {
	ep.report(ovpn.TLSRefused{Peer: ev.Env.Untrusted(), Code: errNoCipher.Code, Message: errNoCipher.Msg, Subject: ev.Env.CommonName(), Count: 1})
	go ep.deny(n.Conn, ev.CID, ev.KID, "no common cipher", vpn.ClientText(vpn.CodeCipherMismatch, noCipher))
}

// cipherFailed ends the session of a client that announced no data ciphers, and whose one cipher the server
// does not have: 2.4 with ncp-disable, and older ones. OpenVPN reports it as established next.
func (ep *endpoint) cipherFailed(instance string, ev ovpn.CipherFailure) {
	for _, s := range ep.sessions.Select(func(s *session.Session) bool {
		return !s.Away() && !s.Up() && s.Instance == instance && s.CommonName == ev.CommonName && s.Peer == ev.Peer
	}) {
		ep.state.mismatched[s.Client()] = true
		if s.Established { // it returned with another cipher than it had
			ep.leave(s)
			continue
		}
		ep.closeSessions(ending{code: errNoCipher.Code, reason: errNoCipher.Msg}, s.Connection)
	}
}

// haltMismatched ends a client with the sentence that its program would not show otherwise: OpenVPN's own is said when the
// client asks for its configuration.
func (ep *endpoint) haltMismatched(n worker.Event, cid ovpn.CID) {
	err := n.Conn.Kill(ep.ctx, cid, ovpn.Halt(vpn.ClientText(vpn.CodeCipherMismatch, noCipher)))
	if err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
		ep.log.Warn("a client was not notified that it is refused", "err", err)
	}
}
