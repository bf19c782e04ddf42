package dataplane

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// noon is the time of tests that need one.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// The indexes of a roster always agree with what a walk over all its sessions finds.
func TestRosterAgreesWithItself(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	d := vpn.Desired{Associations: []vpn.DesiredAssociation{{ID: "a"}, {ID: "b"}, {ID: "c"}}}
	r := newRoster()
	var all []*session
	for step := range 5000 {
		if rng.IntN(4) == 0 || len(all) == 0 {
			s := &session{Connection: vpn.ConnectionID(fmt.Sprint(step)), Token: fmt.Sprint(step), Instance: "w1", CID: ovpn.CID(step), Association: r.leastUsed(d)}
			r.add(s)
			r.tokens[s.Token] = s
			all = append(all, s)
		}
		s := all[rng.IntN(len(all))]
		switch rng.IntN(6) {
		case 0:
			r.mark(s, r.clients[s.client()] == s)
		case 1:
			r.part(s)
			s.interrupted = noon
		case 2:
			r.join(s, client{"w2", ovpn.CID(10_000 + step)}, 0, "tun", netip.AddrPort{})
		case 3:
			r.move(s, d.Associations[rng.IntN(3)].ID)
		case 4:
			if !r.remove(s) || r.remove(s) || r.has(s) {
				t.Fatal("a session is removed once")
			}
			for i, o := range all {
				if o == s {
					all = append(all[:i], all[i+1:]...)
					break
				}
			}
		}
		checkRoster(t, r, all)
	}
}

func checkRoster(t *testing.T, r *roster, all []*session) {
	t.Helper()
	up, clients := 0, 0
	on := map[vpn.AssociationID]int{}
	for _, s := range all {
		on[s.Association]++
		if s.established {
			up++
		}
		if s.interrupted.IsZero() {
			clients++
			if r.clients[s.client()] != s {
				t.Fatalf("session %s is not found by its client", s.Connection)
			}
		}
		if r.tokens[s.Token] != s || !r.has(s) {
			t.Fatalf("session %s is not found", s.Connection)
		}
	}
	if r.up != up || len(r.clients) != clients || len(r.tokens) != len(all) || len(r.all) != len(all) {
		t.Fatalf("up %d/%d, clients %d/%d, tokens %d, all %d/%d", r.up, up, len(r.clients), clients, len(r.tokens), len(r.all), len(all))
	}
	for id, n := range on {
		if r.on[id] != n {
			t.Fatalf("%d sessions on %s, want %d", r.on[id], id, n)
		}
	}
}
