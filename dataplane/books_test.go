package dataplane

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

func TestFaultsKeepTheirTime(t *testing.T) {
	t.Parallel()
	f := newFaults()
	steps := []struct {
		check, subject, sentence string
		news                     bool
	}{
		{"reach", "a", "The network is gone.", true},
		{"reach", "a", "The network is gone.", false},
		{"rules", "a", "No rules.", true},
		{"reach", "b", "The network is gone.", true},
		{"rules", "a", "", true},
		{"rules", "a", "", false},
	}
	for i, s := range steps {
		if news := f.set(s.check, s.subject, s.sentence, noon.Add(time.Duration(i)*time.Minute)); news != s.news {
			t.Errorf("step %d: news %v, want %v", i, news, s.news)
		}
	}
	list := f.list()
	if len(list) != 2 || list[0].Subject != "a" || !list[0].Since.Equal(noon) || list[1].Subject != "b" {
		t.Errorf("got %+v, want a since noon, then b", list)
	}
	f.set("reach", "a", "Another sentence.", noon.Add(time.Hour))
	if list = f.list(); !list[1].Since.Equal(noon.Add(time.Hour)) {
		t.Errorf("another sentence kept the time: %+v", list)
	}
	f.keepOnly(map[string]bool{"b": true})
	if list = f.list(); len(list) != 1 || list[0].Subject != "b" {
		t.Errorf("got %+v, want b alone", list)
	}
}

// The next process keeps the times of what it finds again, and of nothing else.
func TestFaultsOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	first := newFaults()
	for n, s := range []string{"still", "worse", "healed", "gone", "unseen"} {
		first.set("reach", s, "The network is gone.", noon.Add(time.Duration(n)*time.Minute))
	}
	f := newFaults()
	later := noon.Add(time.Hour)
	f.set("lack", "", "No nft.", later)
	first.set("lack", "", "No nft.", noon)
	f.expect(first.dated())
	if list := f.list(); len(list) != 1 || !list[0].Since.Equal(noon) {
		t.Errorf("got %+v, want what was found already, since noon, and nothing that nobody has looked for", list)
	}
	f.set("reach", "still", "The network is gone.", later)
	f.set("reach", "worse", "Everything is gone.", later)
	f.set("reach", "healed", "", later)
	f.set("reach", "healed", "The network is gone.", later)
	f.set("rules", "unseen", "The network is gone.", later) // another check
	f.keepOnly(map[string]bool{"": true, "still": true, "worse": true, "healed": true, "unseen": true})
	f.set("reach", "gone", "The network is gone.", later)
	for _, fault := range f.list() {
		if want := map[bool]time.Time{true: noon, false: later}[fault.Subject == "still" || fault.Subject == ""]; !fault.Since.Equal(want) {
			t.Errorf("%s since %v, want %v", fault.Subject, fault.Since, want)
		}
	}
	third := newFaults() // a process that ended before it had looked for all
	third.expect(f.dated())
	third.set("reach", "unseen", "The network is gone.", later)
	if list := third.list(); !list[0].Since.Equal(noon.Add(4 * time.Minute)) {
		t.Errorf("the third process says %+v", list)
	}
}

func TestRepairsOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	var first, r repairs
	for n := range repairsKept {
		first.note("e", fmt.Sprint(n), noon)
	}
	r.note("e", "new", noon)
	r.restore(first.oldestFirst())
	list := r.list()
	if len(list) != repairsKept || list[0].Sentence != "new" || list[1].Sentence != fmt.Sprint(repairsKept-1) || list[repairsKept-1].Sentence != "1" {
		t.Errorf("got %+v", list)
	}
}

func TestRepairsKeepTheNewest(t *testing.T) {
	t.Parallel()
	var r repairs
	for n := range repairsKept + 5 {
		r.note("e", fmt.Sprint(n), noon.Add(time.Duration(n)*time.Second))
	}
	list := r.list()
	if len(list) != repairsKept || list[0].Sentence != fmt.Sprint(repairsKept+4) || list[repairsKept-1].Sentence != "5" {
		t.Errorf("%d are kept, from %q to %q", len(list), list[0].Sentence, list[len(list)-1].Sentence)
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	var l limit
	told := 0
	for range 10_000 {
		if ok, _ := l.take(noon); ok {
			told++
		}
	}
	if told != refusalsAtOnce {
		t.Errorf("%d of a burst are told, want %d", told, refusalsAtOnce)
	}
	if ok, unsaid := l.take(noon.Add(3 * refusalEvery)); !ok || unsaid != 10_000-refusalsAtOnce {
		t.Errorf("later: told %v, %d were left out", ok, unsaid)
	}
	for n := range 2 {
		if ok, _ := l.take(noon.Add(3 * refusalEvery)); !ok {
			t.Errorf("attempt %d of three intervals was not told", n+2)
		}
	}
	if ok, _ := l.take(noon.Add(3 * refusalEvery)); ok {
		t.Error("a fourth was told within three intervals")
	}
	if ok, _ := l.take(noon.Add(time.Hour)); !ok {
		t.Error("nothing is told after an hour of quiet")
	}
}

func TestAdmissions(t *testing.T) {
	t.Parallel()
	var a admissions
	one, two := vpn.NewConnectionID(), vpn.NewConnectionID()
	if err := a.enter(one, 1); err != nil {
		t.Fatal(err)
	}
	if err := a.enter(one, 0); !errors.Is(err, errKnownConnection) {
		t.Errorf("a second holder of an ID: %v", err)
	}
	if err := a.enter(two, 1); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("one more than the host takes: %v", err)
	}
	a.end(one)
	a.end(one)
	if err := a.enter(one, 0); !errors.Is(err, errKnownConnection) {
		t.Errorf("an ID whose address rests: %v", err)
	}
	if err := a.enter(two, 1); err != nil {
		t.Errorf("an ended connection counts: %v", err)
	}
	a.leave(one)
	a.leave(two)
	if err := a.enter(one, 1); err != nil {
		t.Error(err)
	}
}

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

// What is left after holes were cut out: every address of the whole outside every hole, no other,
// none twice.
func TestSubtractLeavesTheRest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	whole := netip.MustParsePrefix("10.0.0.0/22")
	random := func(least int) netip.Prefix {
		b := whole.Addr().As4()
		b[2], b[3] = byte(rng.IntN(8)), byte(rng.IntN(256))
		return netip.PrefixFrom(netip.AddrFrom4(b), least+rng.IntN(33-least)).Masked()
	}
	for range 300 {
		p := random(22)
		var holes []netip.Prefix
		for range rng.IntN(5) {
			holes = append(holes, random(23))
		}
		times := map[netip.Addr]int{}
		for _, q := range vpn.Subtract(p, holes) {
			if q != q.Masked() {
				t.Fatalf("%s is no network", q)
			}
			for a := q.Addr(); q.Contains(a); a = a.Next() {
				times[a]++
			}
		}
		for a := p.Addr(); p.Contains(a); a = a.Next() {
			want := 1
			for _, h := range holes {
				if h.Contains(a) {
					want = 0
				}
			}
			if times[a] != want {
				t.Fatalf("%s minus %v has %s %d times, want %d", p, holes, a, times[a], want)
			}
			delete(times, a)
		}
		if len(times) > 0 {
			t.Fatalf("%s minus %v has addresses of neither: %v", p, holes, times)
		}
	}
}
