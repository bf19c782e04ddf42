// Package supervise starts OpenVPN workers and watches them, its own children and adopted ones
// alike. A worker outlives the process that started it: it has a session of its own, no parent
// death signal, a file for its output (never a pipe: an unread pipe froze every tunnel), and an
// Identity by which a later process finds it again and never mistakes another for it.
//
// A worker has nothing to lose when it is broken into: a uid of its own, no supplementary
// group, no capability, no way to gain one. What it would need privileges for exists before it
// starts: the tun device, owned by its uid; a node to open it by; a high port.
package supervise
