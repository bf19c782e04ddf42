package dataplane

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// manage is a connection to a management socket on which every command succeeds that is not refused
// (refuse).
func manage(t testing.TB) *ovpn.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	said := &transcript{}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n")
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			line := lines.Text()
			said.add(line)
			if strings.HasPrefix(line, "client-auth ") {
				for lines.Scan() && lines.Text() != "END" {
				}
			}
			if said.refuses(line) {
				fmt.Fprint(c, "ERROR: out of memory\r\n")
				continue
			}
			if strings.HasPrefix(line, "status") {
				// A worker is asked for its list every five seconds, and the reply has several lines. One that
				// never ended held up every later command of a test that took longer than that.
				fmt.Fprint(c, "ERROR: this peer has no list\r\n")
				continue
			}
			fmt.Fprint(c, "SUCCESS: done\r\n")
		}
	}()
	conn, err := ovpn.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	transcripts.Store(conn, said)
	t.Cleanup(func() { conn.Close(); transcripts.Delete(conn) })
	return conn
}

// transcript is the commands that a scripted peer was sent.
type transcript struct {
	mu      sync.Mutex
	lines   []string
	refused []string // prefixes of the commands that fail
}

func (s *transcript) refuses(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.refused, func(prefix string) bool { return strings.HasPrefix(line, prefix) })
}

// refuse has the commands with a prefix fail that the peer of a connection of manage is sent from now on.
func refuse(conn *ovpn.Conn, prefix string) {
	v, _ := transcripts.Load(conn)
	s := v.(*transcript)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, prefix)
}

func (s *transcript) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// transcripts has the transcript of each connection of manage.
var transcripts sync.Map

// commandsTo gives a function that counts the commands with a prefix that a peer of manage was sent.
func commandsTo(conn *ovpn.Conn) func(prefix string) int {
	v, _ := transcripts.Load(conn)
	s := v.(*transcript)
	return func(prefix string) (n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, line := range s.lines {
			if strings.HasPrefix(line, prefix) {
				n++
			}
		}
		return n
	}
}

// fixture is an engine with one endpoint. The kernel's side is real; of its workers only scripted
// management sockets exist. own runs, but no reconciler and no ticker: the test is what happens.
type fixture struct {
	*Engine
	ep   *endpoint
	runs []run
}

// run is one run of a worker.
type run struct {
	worker   *worker.Worker
	instance string
	conn     *ovpn.Conn
}

func newFixture(t testing.TB, id vpn.EndpointID, client string) *fixture {
	t.Helper()
	needsSandbox(t)
	e, err := Open(t.Context(), Config{RunDir: runDir(t), Workers: 2, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	d := desiredOf(t, id, 1194, client)
	f := &fixture{Engine: e, ep: e.newEndpoint(d)}
	e.endpoints[id] = f.ep
	go f.ep.own(nil)
	workers, err := f.ep.ensureWorkers(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.ep.deleteWorkers()
		f.ep.cancel()
		<-f.ep.ended
		if err := e.filter.table.Remove(); err != nil {
			t.Error(err)
		}
	})
	for n, w := range workers {
		r := run{worker: w, instance: fmt.Sprintf("run-%d", n), conn: manage(t)}
		if err := w.Attach(t.Context(), r.instance, r.conn); err != nil {
			t.Fatal(err)
		}
		f.runs = append(f.runs, r)
	}
	if err := f.ep.applyRules(t.Context(), d, workers, []string{"neta"}); err != nil {
		t.Fatal(err)
	}
	return f
}

// send has a run of a worker report an event, and waits until it is handled.
func (f *fixture) send(r run, detail any) {
	f.ep.do(func() {
		f.ep.handle(worker.Event{Worker: r.worker, Instance: r.instance, Conn: r.conn, Detail: detail})
	})
}

func (f *fixture) desired() vpn.Desired {
	d, _, _ := f.ep.current()
	return d
}

func (f *fixture) workers() []*worker.Worker {
	_, workers, _ := f.ep.current()
	return workers
}

// inOwn runs f in the endpoint's goroutine.
func (f *fixture) inOwn(do func()) { f.ep.do(do) }

// pendingOf gives the waiting login of a client, or nil.
func (f *fixture) pendingOf(r run, cid ovpn.CID) (p *pending) {
	f.ep.do(func() { p = f.ep.state.waiting[session.Client{Instance: r.instance, CID: cid}] })
	return p
}

// pendings is the number of logins that wait.
func (f *fixture) pendings() (n int) {
	f.ep.do(func() { n = max(len(f.ep.state.pending), len(f.ep.state.waiting)) })
	return n
}

// has tells whether a connection's session continues.
func (f *fixture) has(id vpn.ConnectionID) bool {
	_, ok := f.ep.sessions.Get(id)
	return ok
}

func env(name, token string, state ovpn.SessionState) ovpn.Env {
	return ovpn.NewEnv(map[string]string{
		"common_name": name, "session_id": token, "session_state": string(state), "untrusted_ip": "192.0.2.1", "untrusted_port": "5000",
		"IV_PROTO": "990", // as OpenVPN 2.6 has it
	})
}

// errNotWaiting: the login was removed before it was decided, as when its worker ended.
var errNotWaiting = errors.New("the login does not wait")

// logIn opens a login and lets it be granted.
func (f *fixture) logIn(r run, cid ovpn.CID, name, token string, id vpn.ConnectionID) error {
	f.send(r, ovpn.Connect{CID: cid, KID: 0, Env: env(name, token, ovpn.SessionInitial)})
	p := f.pendingOf(r, cid)
	if p == nil {
		return fmt.Errorf("client %d: %w", cid, errNotWaiting)
	}
	return f.Decide(f.ep.ctx, []vpn.LoginDecision{{
		ID: p.request.ID, Allow: true, Connection: id, Session: vpn.NewSessionID(), User: vpn.Identity{Name: name}, Ends: f.now().Add(f.desired().SessionTimeout),
	}})
}

// leave has a client say goodbye and disconnect.
func (f *fixture) leave(r run, cid ovpn.CID) {
	s, _ := f.ep.sessions.ByClient(session.Client{Instance: r.instance, CID: cid})
	f.send(r, ovpn.Goodbye{CommonName: s.User.Name, Peer: s.Peer})
	f.send(r, ovpn.Disconnect{CID: cid})
}
