package dataplane

import (
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// errNameAltered refuses a certificate whose common name OpenVPN does not report as it is.
var errNameAltered = vpn.Refuse(vpn.Denied, vpn.CodeCommonNameInvalid,
	"Your certificate's subject or common name contains control characters, which are not allowed. Ask your administrator for another certificate.")

// refuseName refuses a client whose common name OpenVPN may cut at a NUL or write with "_" for another control
// character: it would have the name of another user.
func (ep *endpoint) refuseName(n worker.Event, ev ovpn.Connect) {
	ep.report(ovpn.TLSRefused{Peer: ev.Env.Untrusted(), Code: errNameAltered.Code, Message: errNameAltered.Msg, Subject: vpn.PrintableText(ev.Env.Subject()), Count: 1})
	go ep.deny(n.Conn, ev.CID, ev.KID, "altered common name", clientText(errNameAltered))
}
