// Package ovpn drives one stock OpenVPN 2.6 process: the configuration it is started with, and
// the dialogue on its management socket. It knows the protocol and nothing of sessions, rules
// or the kernel; package dataplane decides, this package says it in OpenVPN's words.
//
// The order in which a worker comes up: Config.Render to standard input; Dial; LogOn, StateOn,
// ByteCount; then HoldRelease, and only once the kernel would refuse what nobody may pass.
// An adopted worker is dialled in the same way: a Hold event says that it still waits.
package ovpn
