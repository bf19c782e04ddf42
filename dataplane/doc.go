// Package dataplane is the root process: it carries the traffic of every endpoint of its host
// with OpenVPN workers and holds it to the rules with nftables.
//
// Web sends the whole desired state of an endpoint (Apply). A reconciler for each endpoint compares
// it with the host and acts, so that a change from web, a worker that ended and a table that an
// administrator flushed are handled by the same code. What must survive this process (sessions and
// desired states) is in a journal under the run directory before it takes effect; the next process
// adopts the workers and the sessions from it.
//
// Engine is what web may ask. endpoint has one goroutine that owns its state; endpoint.go says what
// runs there and what does not. The other nouns are packages: hostpolicy, eventlog, journal, fault,
// login, session, worker; ovpn, nft, host and supervise speak to OpenVPN, the packet filter, the host
// and processes.
//
// It never dials out, opens no database and asks no directory. A waiting login is sent to web on a
// stream of its own, is in memory only, and is denied if no answer comes in time.
package dataplane
