package session

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// The indexes of a table always agree with what a walk over all its sessions finds, whatever is done
// with it, and no address has two holders.
func TestTableAgreesWithItself(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	associations := []vpn.DesiredAssociation{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	c := &clock{noon}
	table := NewTable(smallest, []int{0, 1, 2, 3}, c.now)
	live := map[vpn.ConnectionID]bool{}
	pick := func() vpn.ConnectionID {
		for id := range live {
			return id
		}
		return ""
	}
	for step := range 5000 {
		if rng.IntN(4) == 0 || len(live) == 0 {
			id := vpn.ConnectionID(fmt.Sprint(step))
			s, ok := table.Open(Session{Connection: id, Token: fmt.Sprint(step), Instance: "w1", CID: ovpn.CID(step)}, associations)
			if ok {
				live[id] = true
				if found, _ := table.Get(id); found.Addr != s.Addr || s.Association == "" {
					t.Fatalf("opened %+v, found %+v", s, found)
				}
			}
		}
		id := pick()
		s, _ := table.Get(id)
		switch rng.IntN(8) {
		case 0:
			_, first, ok := table.Establish(s.Client(), netip.AddrPort{})
			if ok != !s.Away() || ok && first == (s.Established && s.up) {
				t.Fatalf("established %v, first %v: %+v", ok, first, s)
			}
		case 1:
			counted := map[netip.Addr]vpn.Counters{s.Addr: {BytesIn: 7}}
			if out := table.Detach([]vpn.ConnectionID{id, "unknown"}, counted, time.Duration(step+1)); len(out) != 1 || out[0].Before.BytesIn != s.Before.BytesIn+7 {
				t.Fatalf("detached %+v", out)
			}
		case 2:
			client := Client{"w2", ovpn.CID(10_000 + step)}
			if got, ok := table.Attach(id, Arrival{Client: client, Device: "tun"}, associations[rng.IntN(3):]); !ok || got.Client() != client {
				t.Fatalf("attached %+v, %v", got, ok)
			}
		case 3:
			table.Reassociate(associations[rng.IntN(3):])
		case 4:
			table.AllowReturn(id)
			if got, ok := table.ByToken(s.Token); !ok || got.Connection != id {
				t.Fatalf("%s is not found by its token", id)
			}
		case 5:
			if refused := table.Remove([]vpn.ConnectionID{id}, func(Session) bool { return false }); len(refused) > 0 {
				t.Fatal("a session was removed against its condition")
			}
			if out := table.Remove([]vpn.ConnectionID{id, id}, nil); len(out) != 1 {
				t.Fatalf("removed %d times", len(out))
			}
			delete(live, id)
			table.Release(Released{Connection: id, Addr: s.Addr, Closed: true})
		case 6:
			c.advance(time.Second)
			table.CoolDown(table.TakeReleasing(), c.at)
			for _, r := range table.TakeCooled(c.at, false) {
				if c.at.Before(r.Until) {
					t.Fatalf("%s cooled down too early", r.Addr)
				}
			}
		}
		if err := table.Verify(); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if n := len(table.Select(nil)); n != len(live) {
			t.Fatalf("step %d: %d sessions, want %d", step, n, len(live))
		}
	}
}

// An address is given out again only after its holder's flows are gone and the cooldown is over.
func TestAddressesCoolDown(t *testing.T) {
	t.Parallel()
	c := &clock{noon}
	table := NewTable(smallest, []int{5}, c.now)
	open := func(n int) bool {
		_, ok := table.Open(Session{Connection: vpn.ConnectionID(fmt.Sprint(n))}, nil)
		return ok
	}
	n := 0
	for open(n) {
		n++
	}
	s, _ := table.Get("3")
	table.Remove([]vpn.ConnectionID{"3"}, nil)
	table.Release(Released{Connection: "3", Addr: s.Addr})
	if c.advance(time.Hour); open(n) {
		t.Error("an address with flows was given out")
	}
	released := table.TakeReleasing()
	if len(released) != 1 || released[0].Connection != "3" {
		t.Fatalf("releasing %+v", released)
	}
	if table.CoolDown(released, c.at); open(n) {
		t.Error("an address was given out without a cooldown")
	}
	if early := table.TakeCooled(c.at, false); len(early) > 0 {
		t.Errorf("cooled down at once: %+v", early)
	}
	c.advance(AddressCooldown)
	if got := table.TakeCooled(c.at, false); len(got) != 1 {
		t.Errorf("cooled down: %+v", got)
	}
	if !open(n) {
		t.Error("a free address was not given out")
	}
}

// The journal of an earlier version spells groups in another way than rules of now.
func TestAdoptedSessionHasCanonicalGroups(t *testing.T) {
	t.Parallel()
	c := &clock{noon}
	table := NewTable(smallest, []int{0, 1, 2, 3}, c.now)
	opened, ok := NewTable(smallest, []int{0, 1, 2, 3}, c.now).Open(Session{Connection: "1", Token: "1", User: vpn.Identity{Groups: []string{`cn=b\c3\bcro,dc=corp`, "S-1-5-7"}}}, []vpn.DesiredAssociation{{ID: "a"}})
	if !ok || !table.Adopt(opened) {
		t.Fatal("not adopted")
	}
	if got, _ := table.Get("1"); fmt.Sprint(got.User.Groups) != "[cn=büro,dc=corp S-1-5-7]" {
		t.Errorf("groups are %q", got.User.Groups)
	}
}
