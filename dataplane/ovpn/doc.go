// Package ovpn controls one stock OpenVPN 2.6 process: it renders the configuration and speaks the
// protocol of the management socket. It knows nothing of sessions, rules or the kernel; package
// dataplane decides, and this package sends the decision as commands of OpenVPN.
//
// A worker is started in this order: Config.Render to standard input; Await; LogOn, StateOn, ByteCount;
// then, after the packet filter rules are in the kernel, HoldRelease. An adopted worker is dialled in
// the same way; a Hold event means that it still waits for HoldRelease.
package ovpn
