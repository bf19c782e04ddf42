package dataplane

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
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
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// Logins, returns, disconnects, terminations, ends of workers and changes of associations all at once:
// at the end the kernel admits exactly the sessions that the table has with a worker, no address has
// two holders, and the end of each connection was reported once.
func TestSessionsUnderStress(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-5555555555555555a", "10.30.0.0/22")
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
	background(func() { f.inOwn(f.ep.expireSessions); f.ep.releaseAddresses(true) })
	background(func() {
		d := f.desired()
		f.inOwn(func() { f.ep.updateSessions(d); f.ep.repairRoutes() })
		f.ep.status()
	})
	background(func() { _, _ = f.Connections() })
	var clientsDone sync.WaitGroup
	var lost atomic.Int64
	for c := range clients {
		clientsDone.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(c), 7))
			for round := range rounds {
				l := f.runs[rng.IntN(2)]
				cid := ovpn.CID(c*1000 + round*2)
				name, token := fmt.Sprint("user", c), fmt.Sprint("token", c, ".", round)
				id := vpn.NewConnectionID()
				err := f.logIn(l, cid, name, token, id)
				if gone, ok := errors.AsType[*vpn.Error](err); errors.Is(err, errNotWaiting) || ok && gone.Kind == vpn.NotFound {
					lost.Add(1) // another goroutine had the worker end meanwhile: no session was made
					continue
				}
				if err != nil {
					t.Errorf("login: %v", err)
					return
				}
				var both sync.WaitGroup
				both.Go(func() { f.send(l, ovpn.Established{CID: cid}) })
				switch rng.IntN(6) {
				case 0:
					both.Go(func() { _ = f.Terminate(t.Context(), []vpn.ConnectionID{id}, "test") })
				case 1:
					both.Go(func() { f.leave(l, cid) })
				case 2:
					both.Go(func() { f.send(l, worker.Ended{Requested: true}) })
				}
				if rng.IntN(2) == 0 {
					other := f.runs[rng.IntN(2)]
					both.Go(func() {
						f.send(other, ovpn.Connect{CID: cid + 1, KID: 0, Env: env(name, token, ovpn.SessionAuthenticated)})
					})
				}
				both.Wait()
				if rng.IntN(3) > 0 {
					_ = f.Terminate(t.Context(), []vpn.ConnectionID{id}, "test")
				}
			}
		})
	}
	clientsDone.Wait()
	close(stop)
	work.Wait()
	f.ep.releaseAddresses(true)
	f.check(t)
	f.ep.endAll(t.Context(), forGood("test"))
	f.ep.releaseAddresses(true)
	f.check(t)
	if n := len(f.filter.table.Sessions()); n > 0 {
		t.Errorf("the kernel admits %d sessions after all have ended", n)
	}
	routes, err := host.ClientRoutes()
	if err != nil || len(routes) > 0 {
		t.Errorf("routes to clients that have gone: %v %v", routes, err)
	}
	times := map[vpn.ConnectionID]int{}
	for _, ev := range f.events.Unacknowledged() {
		if ev.Ended != nil {
			times[ev.Ended.Connection]++
		}
	}
	if want := clients*rounds - int(lost.Load()); len(times) != want {
		t.Errorf("the ends of %d connections were reported, want %d", len(times), want)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("the end of %s was reported %d times", id, n)
		}
	}
}

// check compares the table with the kernel and the journal.
func (f *fixture) check(t *testing.T) {
	t.Helper()
	if err := f.ep.sessions.Verify(); err != nil {
		t.Error(err)
	}
	sessions := f.ep.sessions.Select(nil)
	admitted := f.filter.table.Sessions()
	inTable := 0
	for _, s := range sessions {
		is, there := admitted[s.Addr]
		if there == s.Away() || there && is.Device != s.Device {
			t.Errorf("%s: in the kernel %v (%s), away %v, on %s", s.Connection, there, is.Device, s.Away(), s.Device)
		}
		if there {
			inTable++
		}
	}
	if inTable != len(admitted) {
		t.Errorf("the kernel admits %d sessions, the table has %d", len(admitted), inTable)
	}
	journalled, err := journal.Read[session.Session](f.journal, journal.Sessions)
	if err != nil || len(journalled) != len(sessions) {
		t.Errorf("the journal has %d sessions, the table %d (%v)", len(journalled), len(sessions), err)
	}
}

// Decisions that a compromised web process may send.
func TestHostileDecisions(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-6666666666666666a", "10.31.0.0/22")
	l := f.runs[0]
	id := vpn.NewConnectionID()
	if err := f.logIn(l, 1, "alice", "t1", id); err != nil {
		t.Fatal(err)
	}
	alice, _ := f.ep.sessions.Get(id)
	if err := f.logIn(l, 2, "bob", "t2", id); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("another's connection ID: %v, want Conflict", err)
	}
	if now, _ := f.ep.sessions.Get(id); !reflect.DeepEqual(now, alice) || f.events.Ended()[id] {
		t.Error("alice's session was touched by bob's login")
	}
	attempt := 0
	grant := func(change func(*vpn.LoginDecision)) (vpn.ConnectionID, error) {
		cid := ovpn.CID(100+len(f.events.Unacknowledged())) + ovpn.CID(attempt)
		attempt++
		f.send(l, ovpn.Connect{CID: cid, Env: env("carol", fmt.Sprint(cid), ovpn.SessionInitial)})
		d := vpn.LoginDecision{
			ID: f.pendingOf(l, cid).request.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
			User: vpn.Identity{Name: "carol"}, Ends: f.now().Add(time.Minute),
		}
		change(&d)
		return d.Connection, f.Decide(t.Context(), []vpn.LoginDecision{d})
	}
	for name, change := range map[string]func(*vpn.LoginDecision){
		"no user":            func(d *vpn.LoginDecision) { d.User.Name = "" },
		"a line break":       func(d *vpn.LoginDecision) { d.User.Name = "a\nb" },
		"not UTF-8":          func(d *vpn.LoginDecision) { d.User.Groups = []string{"\xff"} },
		"an empty group":     func(d *vpn.LoginDecision) { d.User.Groups = []string{""} },
		"a very long group":  func(d *vpn.LoginDecision) { d.User.Groups = []string{strings.Repeat("g", 2000)} },
		"too many groups":    func(d *vpn.LoginDecision) { d.User.Groups = make([]string, vpn.MaxGroups+1) },
		"no end":             func(d *vpn.LoginDecision) { d.Ends = time.Time{} },
		"an end in the past": func(d *vpn.LoginDecision) { d.Ends = f.now().Add(-time.Hour) },
		"a path for an ID":   func(d *vpn.LoginDecision) { d.Connection = "../../etc/passwd" },
		"a long reason":      func(d *vpn.LoginDecision) { d.Allow, d.Reason = false, strings.Repeat("r", 2000) },
		"a long code":        func(d *vpn.LoginDecision) { d.Allow, d.Code = false, vpn.Code(strings.Repeat("c", 101)) },
		"a code of two":      func(d *vpn.LoginDecision) { d.Allow, d.Code = false, "AuthFailure: x" },
		"a code with a line": func(d *vpn.LoginDecision) { d.Allow, d.Code = false, "AuthFailure\n" },
	} {
		if id, err := grant(change); vpn.KindOf(err) != vpn.Invalid || f.has(id) {
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
	s, _ := f.ep.sessions.Get(far)
	if left := s.Ends - session.Uptime(); left > f.desired().SessionTimeout {
		t.Errorf("a session lasts %s, want at most the endpoint's %s", left, f.desired().SessionTimeout)
	}
	if s.Association != f.desired().Associations[0].ID {
		t.Errorf("a foreign association %s was taken", s.Association)
	}
	if err := f.Decide(t.Context(), []vpn.LoginDecision{{ID: "unknown"}}); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("a login that does not wait: %v, want NotFound", err)
	}
	if err := f.Terminate(t.Context(), []vpn.ConnectionID{"../x", far, far, far}, "test"); err != nil || f.has(far) {
		t.Errorf("terminate: %v", err)
	}
	events := len(f.events.Unacknowledged())
	if err := f.Terminate(t.Context(), []vpn.ConnectionID{far}, "test"); err != nil || len(f.events.Unacknowledged()) != events {
		t.Errorf("an end that is not acknowledged yet was reported again (%v)", err)
	}
}

// A connection that is terminated while its login is being answered does not begin: its certificate was
// blocked in the instant between web's decision and its arrival here.
func TestTerminatedBeforeItBegan(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-6666666666666666b", "10.31.0.0/22")
	r := f.runs[0]
	sent := commandsTo(r.conn)
	id := vpn.NewConnectionID()
	f.send(r, ovpn.Connect{CID: 1, Env: env("alice", "t1", ovpn.SessionInitial)})
	if err := f.Terminate(t.Context(), []vpn.ConnectionID{id}, vpn.BlockedMessage()); err != nil {
		t.Fatal(err)
	}
	err := f.Decide(t.Context(), []vpn.LoginDecision{{
		ID: f.pendingOf(r, 1).request.ID, Allow: true, Connection: id, Session: vpn.NewSessionID(), User: vpn.Identity{Name: "alice"}, Ends: f.now().Add(time.Hour),
	}})
	if vpn.KindOf(err) != vpn.Denied || f.has(id) || sent("client-auth ") != 0 || sent(`client-deny 1 0 "not admitted" "ClientVpnConnectionTerminated: `+vpn.BlockedMessage()) != 1 {
		t.Errorf("the login: %v; it is there: %v; denied: %d", err, f.has(id), sent("client-deny "))
	}
	ends := 0
	for _, ev := range f.events.Unacknowledged() {
		if ev.Ended != nil && ev.Ended.Connection == id {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("its end was reported %d times", ends)
	}
	f.check(t)
}

// A request that gives up while an endpoint is busy changes nothing, and reports no connection as ended.
func TestRequestsToABusyEndpointGiveUp(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-6666666666666666c", "10.31.0.0/22")
	id := f.logInUp(t, f.runs[0], 1, "alice", "t1")
	newer := f.desired()
	newer.Generation++
	began, release := make(chan struct{}), make(chan struct{})
	busy := make(chan struct{})
	go func() { defer close(busy); f.inOwn(func() { close(began); <-release }) }()
	<-began
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, applied := f.Apply(ctx, newer)
	terminated := f.Terminate(ctx, []vpn.ConnectionID{id}, "No.")
	close(release)
	<-busy
	if vpn.KindOf(applied) != vpn.Unavailable || vpn.KindOf(terminated) != vpn.Unavailable {
		t.Errorf("apply: %v, terminate: %v", applied, terminated)
	}
	if !f.has(id) || f.events.Ended()[id] || f.desired().Generation == newer.Generation {
		t.Errorf("the connection is there: %v, reported as ended: %v, generation %d", f.has(id), f.events.Ended()[id], f.desired().Generation)
	}
}

// A session ends when its endpoint's duration is over, also when that is shortened while it runs.
func TestShorterDurationActsAtOnce(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-4444444444444444a", "10.34.0.0/22")
	id := vpn.NewConnectionID()
	if err := f.logIn(f.runs[0], 1, "alice", "t", id); err != nil {
		t.Fatal(err)
	}
	if f.inOwn(f.ep.expireSessions); !f.has(id) {
		t.Fatal("the session ended at once")
	}
	shorter := f.desired()
	shorter.Generation++
	shorter.SessionTimeout = time.Nanosecond
	if err := f.ep.accept(t.Context(), shorter); err != nil {
		t.Fatal(err)
	}
	if f.inOwn(f.ep.expireSessions); f.has(id) || len(f.filter.table.Sessions()) > 0 {
		t.Error("the session goes on")
	}
}

// What was revoked is gone although the rest of the desired state cannot be reached.
func TestRevokedWhateverElseIsWrong(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-3333333333333333a", "10.35.0.0/22")
	f.inOwn(func() { f.ep.state.desired.Rules = nil })
	f.host.setPrerequisites("", "Something is missing.")
	f.ep.reconcile(t.Context())
	if rules, _, _ := f.filter.of(f.ep.id); len(rules.Rules) > 0 {
		t.Errorf("rules %v are in force", rules.Rules)
	}
	if faults := f.ep.status().Faults; len(faults) != 1 || faults[0].Message != "Something is missing." {
		t.Errorf("faults %+v", faults)
	}
}

// Logins that web does not decide are bounded, and a client above the bound is told to try again.
func TestPendingLoginsAreBounded(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777a", "10.32.0.0/22")
	for n := range maxPending + 50 {
		f.send(f.runs[0], ovpn.Connect{CID: ovpn.CID(n), Env: env("eve", "", ovpn.SessionInitial)})
	}
	if n := f.pendings(); n != maxPending {
		t.Errorf("%d logins wait, want %d", n, maxPending)
	}
	f.send(f.runs[0], worker.Ended{Requested: true})
	if n := f.pendings(); n > 0 {
		t.Errorf("their worker ended, and %d wait", n)
	}
}

// A web process that connects again is sent the logins that wait, and no other: a second decision of
// one that was answered would record a connection that no client has.
func TestAnsweredLoginsAreNotSentAgain(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777b", "10.34.0.0/22")
	for cid, name := range []string{"answered", "left", "waits"} {
		f.send(f.runs[0], ovpn.Connect{CID: ovpn.CID(cid), Env: env(name, "", ovpn.SessionInitial)})
	}
	f.send(f.runs[0], ovpn.Disconnect{CID: 1})
	if err := f.Decide(t.Context(), []vpn.LoginDecision{{ID: f.pendingOf(f.runs[0], 0).request.ID, Reason: "No."}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		var sent []string
		for r := range f.Logins(ctx) {
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

// A management session that ends leaves no goroutine behind, however often a worker is replaced.
func TestManagementSessionsLeaveNothing(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-9999999999999999a", "10.33.0.0/22")
	w := f.runs[0].worker
	before := runtime.NumGoroutine()
	for n := range 30 {
		conn := manage(t)
		if err := w.Attach(t.Context(), fmt.Sprint("run ", n), conn); err != nil {
			t.Fatal(err)
		}
		f.send(run{worker: w, conn: conn, instance: "an earlier run"}, ovpn.Connect{CID: 1, Env: env("late", "", ovpn.SessionInitial)})
		conn.Close()
	}
	if n := f.pendings(); n > 0 {
		t.Errorf("%d clients of an earlier run wait", n)
	}
	eventually(t, "the goroutines of closed management sessions end", func() bool { return runtime.NumGoroutine() <= before+5 })
}
