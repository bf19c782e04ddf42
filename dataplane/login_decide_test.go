package dataplane

import (
	"fmt"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Of logins that are answered together each gets its own answer: one that is malformed, one that
// waits no more, one whose device is gone and one that is turned away cost no other anything.
func TestLoginsAnsweredTogether(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777c", "10.35.0.0/22")
	var ds []vpn.LoginDecision
	for cid, name := range []string{"alice", "malformed", "gone", "denied", "astray", "elsewhere", "bob"} {
		r := f.runs[cid%2]
		f.send(r, ovpn.Connect{CID: ovpn.CID(cid), Env: env(name, fmt.Sprint("t", cid), ovpn.SessionInitial)})
		p := f.pendingOf(r, ovpn.CID(cid))
		d := vpn.LoginDecision{
			ID: p.request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
			User: vpn.Identity{Name: name}, Ends: f.now().Add(time.Hour),
		}
		switch name {
		case "malformed":
			d.User.Name = "a\nb"
		case "gone":
			d.ID = "nobody"
		case "denied":
			d.Allow, d.Reason = false, "No."
		case "astray":
			p.device = "sp-nowhere"
		case "elsewhere":
			p.device = "neta" // there, but none of this endpoint's
		}
		ds = append(ds, d)
	}
	if err := f.Decide(t.Context(), ds); err == nil {
		t.Error("nothing is said of what went wrong")
	}
	inTable := map[string]bool{}
	for _, s := range f.ep.sessions.Select(nil) {
		_, there := f.filter.table.Sessions()[s.Addr]
		inTable[s.User.Name] = there
	}
	if len(inTable) != 2 || !inTable["alice"] || !inTable["bob"] {
		t.Errorf("let in: %v, want alice and bob", inTable)
	}
	if reported := f.events.Ended(); len(reported) != 2 || !reported[ds[4].Connection] || !reported[ds[5].Connection] {
		t.Errorf("reported as ended: %v, want the two that were granted and not let in", reported)
	}
}
