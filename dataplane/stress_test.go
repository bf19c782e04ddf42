package dataplane

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Logins, returns, disconnects, terminations, worker deaths and moves all at once: at the end the
// kernel admits exactly the sessions that the books have with a worker, nobody shares an address,
// and each connection's end was told once.
func TestSessionsUnderStress(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-5555555555555555a", "10.30.0.0/22")
	const clients, rounds = 8, 40
	var work sync.WaitGroup
	stop := make(chan struct{})
	background := func(f func()) {
		work.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					f()
				}
			}
		})
	}
	background(func() { ep.expireSessions(t.Context()); ep.settleAddresses(true) })
	background(func() { ep.moveSessions(ep.want()); ep.mendRoutes(); ep.status() })
	background(func() { _, _ = ep.Connections() })
	var people sync.WaitGroup
	var lost atomic.Int64
	for c := range clients {
		people.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(c), 7))
			for round := range rounds {
				l := dialogues[rng.IntN(2)]
				cid := ovpn.CID(c*1000 + round*2)
				name, token := fmt.Sprint("person", c), fmt.Sprint("token", c, ".", round)
				id := vpn.NewConnectionID()
				err := logIn(ep, l, cid, name, token, id)
				if gone, ok := errors.AsType[*vpn.Error](err); errors.Is(err, errNotWaiting) || ok && gone.Kind == vpn.NotFound {
					lost.Add(1) // another client had the worker end meanwhile: nothing was granted
					continue
				}
				if err != nil {
					t.Errorf("login: %v", err)
					return
				}
				var both sync.WaitGroup
				both.Go(func() { ep.established(l.client(cid), ovpn.Established{CID: cid}) })
				switch rng.IntN(6) {
				case 0:
					both.Go(func() { _ = ep.Terminate(t.Context(), []vpn.ConnectionID{id}, "test") })
				case 1:
					both.Go(func() { ep.disconnected(t.Context(), l.client(cid)) })
				case 2:
					both.Go(func() { ep.interrupt(l.instance) })
				}
				if rng.IntN(2) == 0 {
					other := dialogues[rng.IntN(2)]
					both.Go(func() {
						ep.connect(t.Context(), other, ovpn.Connect{CID: cid + 1, KID: 0, Env: env(name, token, ovpn.SessionAuthenticated)})
					})
				}
				both.Wait()
				if rng.IntN(3) > 0 {
					_ = ep.Terminate(t.Context(), []vpn.ConnectionID{id}, "test")
				}
			}
		})
	}
	people.Wait()
	close(stop)
	work.Wait()
	ep.settleAddresses(true)
	checkStage(t, ep)
	ep.endAll(t.Context(), "test")
	ep.settleAddresses(true)
	checkStage(t, ep)
	if n := len(ep.table.Sessions()); n > 0 {
		t.Errorf("the kernel admits %d sessions after all have ended", n)
	}
	routes, err := host.ClientRoutes()
	if err != nil || len(routes) > 0 {
		t.Errorf("routes to clients that have gone: %v %v", routes, err)
	}
	times := map[vpn.ConnectionID]int{}
	for _, ev := range ep.events.Unacknowledged() {
		if ev.Ended != nil {
			times[ev.Ended.Connection]++
		}
	}
	if want := clients*rounds - int(lost.Load()); len(times) != want {
		t.Errorf("the ends of %d connections were told, want %d", len(times), want)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("the end of %s was told %d times", id, n)
		}
	}
}

func checkStage(t *testing.T, ep *endpoint) {
	t.Helper()
	admitted := ep.table.Sessions()
	holders := map[netip.Addr]vpn.ConnectionID{}
	inTable := 0
	for id, s := range ep.roster.all {
		if other, twice := holders[s.Addr]; twice {
			t.Errorf("%s is %s's and %s's", s.Addr, id, other)
		}
		holders[s.Addr] = id
		if !ep.pool.Holds(s.Addr) {
			t.Errorf("%s has %s, which the pool would give out", id, s.Addr)
		}
		is, there := admitted[s.Addr]
		if there != s.interrupted.IsZero() || there && is.Device != s.Device {
			t.Errorf("%s: in the kernel %v (%s), interrupted %v, on %s", id, there, is.Device, s.interrupted, s.Device)
		}
		if there {
			inTable++
		}
	}
	if inTable != len(admitted) {
		t.Errorf("the kernel admits %d sessions, the books have %d", len(admitted), inTable)
	}
	if held := ep.pool.Held(); held != len(ep.roster.all)+len(ep.leaving) {
		t.Errorf("%d addresses are held by %d sessions and %d that left", held, len(ep.roster.all), len(ep.leaving))
	}
	journalled, err := journal.Read[*session](ep.journal, journal.Sessions)
	if err != nil || len(journalled) != len(ep.roster.all) {
		t.Errorf("the journal has %d sessions, the books %d (%v)", len(journalled), len(ep.roster.all), err)
	}
}

// What a hostile web may say.
func TestHostileDecisions(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-6666666666666666a", "10.31.0.0/22")
	l := dialogues[0]
	id := vpn.NewConnectionID()
	if err := logIn(ep, l, 1, "alice", "t1", id); err != nil {
		t.Fatal(err)
	}
	alice := ep.roster.all[id]
	if err := logIn(ep, l, 2, "bob", "t2", id); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("another's connection ID: %v, want Conflict", err)
	}
	if ep.roster.all[id] != alice || ep.events.Ended()[id] {
		t.Error("alice's session was touched by bob's login")
	}
	grant := func(change func(*vpn.LoginDecision)) (vpn.ConnectionID, error) {
		cid := ovpn.CID(100 + len(ep.roster.all) + len(ep.events.Unacknowledged()))
		ep.connect(t.Context(), l, ovpn.Connect{CID: cid, Env: env("carol", fmt.Sprint(cid), ovpn.SessionInitial)})
		d := vpn.LoginDecision{
			ID: ep.waiting[l.client(cid)].request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
			User: vpn.Identity{Name: "carol"}, Ends: ep.now().Add(time.Minute),
		}
		change(&d)
		return d.Connection, ep.Decide(t.Context(), []vpn.LoginDecision{d})
	}
	for name, change := range map[string]func(*vpn.LoginDecision){
		"no user":            func(d *vpn.LoginDecision) { d.User.Name = "" },
		"a line break":       func(d *vpn.LoginDecision) { d.User.Name = "a\nb" },
		"not UTF-8":          func(d *vpn.LoginDecision) { d.User.Groups = []string{"\xff"} },
		"an empty group":     func(d *vpn.LoginDecision) { d.User.Groups = []string{""} },
		"a very long group":  func(d *vpn.LoginDecision) { d.User.Groups = []string{strings.Repeat("g", 2000)} },
		"too many groups":    func(d *vpn.LoginDecision) { d.User.Groups = make([]string, vpn.MaxGroups+1) },
		"no end":             func(d *vpn.LoginDecision) { d.Ends = time.Time{} },
		"an end in the past": func(d *vpn.LoginDecision) { d.Ends = ep.now().Add(-time.Hour) },
		"a path for an ID":   func(d *vpn.LoginDecision) { d.Connection = "../../etc/passwd" },
		"a long reason":      func(d *vpn.LoginDecision) { d.Allow, d.Reason = false, strings.Repeat("r", 2000) },
	} {
		if id, err := grant(change); vpn.KindOf(err) != vpn.Invalid || ep.roster.all[id] != nil {
			t.Errorf("%s: %v, want Invalid and no session", name, err)
		}
	}
	far, err := grant(func(d *vpn.LoginDecision) {
		d.Ends, d.Association = time.Unix(1<<40, 0), "cvpn-assoc-fffffffffffffffff"
		d.User.Groups = []string{`"; flush ruleset; "`, "{}", "gruppe ü"}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := ep.roster.all[far]
	if left := s.Ends - uptime(); left > ep.desired.SessionTimeout {
		t.Errorf("a session lasts %s, want at most the endpoint's %s", left, ep.desired.SessionTimeout)
	}
	if s.Association != ep.desired.Associations[0].ID {
		t.Errorf("a foreign association %s was taken", s.Association)
	}
	if err := ep.Decide(t.Context(), []vpn.LoginDecision{{ID: "nobody"}}); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("a login that does not wait: %v, want NotFound", err)
	}
	if err := ep.Terminate(t.Context(), []vpn.ConnectionID{"../x", far, far, far}, "test"); err != nil || ep.roster.all[far] != nil {
		t.Errorf("terminate: %v", err)
	}
	events := len(ep.events.Unacknowledged())
	if err := ep.Terminate(t.Context(), []vpn.ConnectionID{far}, "test"); err != nil || len(ep.events.Unacknowledged()) != events {
		t.Errorf("an end that waits to be read was told again (%v)", err)
	}
}

// A session ends when its endpoint's duration is over, also when that is shortened while it runs.
func TestShorterDurationActsAtOnce(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-4444444444444444a", "10.34.0.0/22")
	id := vpn.NewConnectionID()
	if err := logIn(ep, dialogues[0], 1, "alice", "t", id); err != nil {
		t.Fatal(err)
	}
	if ep.expireSessions(t.Context()); ep.roster.all[id] == nil {
		t.Fatal("the session ended at once")
	}
	shorter := ep.want()
	shorter.Generation++
	shorter.SessionTimeout = time.Nanosecond
	if err := ep.accept(shorter); err != nil {
		t.Fatal(err)
	}
	if ep.expireSessions(t.Context()); ep.roster.all[id] != nil || len(ep.table.Sessions()) > 0 {
		t.Error("the session goes on")
	}
}

// What was taken from an endpoint is gone although the rest of its state cannot be reached.
func TestRevokedWhateverElseIsWrong(t *testing.T) {
	ep, _ := stage(t, "cvpn-endpoint-3333333333333333a", "10.35.0.0/22")
	ep.mu.Lock()
	ep.desired.Rules = nil
	ep.mu.Unlock()
	ep.Engine.mu.Lock()
	ep.Engine.lack = "Something is missing."
	ep.Engine.mu.Unlock()
	ep.reconcile(t.Context())
	if rules := ep.Engine.rules[ep.id].Rules; len(rules) > 0 {
		t.Errorf("rules %v are in force", rules)
	}
	if faults := ep.status().Faults; len(faults) != 1 || faults[0].Message != "Something is missing." {
		t.Errorf("faults %+v", faults)
	}
}

// Logins that nobody decides are bounded, and what is over it is told to come again.
func TestPendingLoginsAreBounded(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-7777777777777777a", "10.32.0.0/22")
	for n := range maxPending + 50 {
		ep.connect(t.Context(), dialogues[0], ovpn.Connect{CID: ovpn.CID(n), Env: env("eve", "", ovpn.SessionInitial)})
	}
	if len(ep.pending) != maxPending || len(ep.waiting) != maxPending {
		t.Errorf("%d logins wait, want %d", len(ep.pending), maxPending)
	}
	ep.interrupt(dialogues[0].instance)
	if len(ep.pending)+len(ep.waiting) > 0 {
		t.Errorf("their worker died, and %d wait", len(ep.pending))
	}
}

// A web process that connects again is sent the logins that wait, and no other: a second decision of
// one that was answered would record a connection that no client has.
func TestAnsweredLoginsAreNotSentAgain(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-7777777777777777b", "10.34.0.0/22")
	for cid, name := range []string{"answered", "left", "waits"} {
		ep.connect(t.Context(), dialogues[0], ovpn.Connect{CID: ovpn.CID(cid), Env: env(name, "", ovpn.SessionInitial)})
	}
	ep.disconnected(t.Context(), client{dialogues[0].instance, 1})
	for id, p := range ep.pending {
		if p.request.CommonName == "answered" {
			if err := ep.Decide(t.Context(), []vpn.LoginDecision{{ID: id, Reason: "No."}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		var sent []string
		for r := range ep.Logins(ctx) {
			if sent = append(sent, r.CommonName); r.CommonName == "waits" {
				break
			}
		}
		cancel()
		if !slices.Equal(sent, []string{"waits"}) {
			t.Errorf("sent %v, want the login that waits", sent)
		}
	}
}

// A dialogue that ends leaves no goroutine behind, however often a worker is replaced.
func TestDialoguesLeaveNothing(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-9999999999999999a", "10.33.0.0/22")
	w := dialogues[0].worker
	before := runtime.NumGoroutine()
	for range 30 {
		conn := manage(t)
		if err := ep.attach(t.Context(), w, nil, conn); err != nil {
			t.Fatal(err)
		}
		ep.connect(t.Context(), dialogue{worker: w, conn: conn, instance: "an earlier run"}, ovpn.Connect{CID: 1, Env: env("late", "", ovpn.SessionInitial)})
		conn.Close()
	}
	if len(ep.pending) > 0 {
		t.Errorf("%d clients of an earlier run wait", len(ep.pending))
	}
	eventually(t, "the goroutines of closed dialogues end", func() bool { return runtime.NumGoroutine() <= before+5 })
}
