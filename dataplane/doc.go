// Package dataplane is the root process: it carries the traffic of every endpoint of its host
// with OpenVPN workers and holds it to the rules with nftables.
//
// It is told the whole desired state of an endpoint and brings the host there, again and again:
// each endpoint has one goroutine that compares what should be with what is, so that a change
// from web, a worker that died and an administrator who flushed a table are mended by the same
// code. What must survive this process (who is connected, what was wanted) stands in a journal
// under the run directory before it takes effect; the next process adopts the workers from it.
//
// It never dials out, opens no database and asks no directory. A waiting login is sent to web on a
// stream of its own, is in memory only, and is denied if no answer comes in time.
package dataplane
