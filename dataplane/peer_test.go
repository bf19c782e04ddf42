package dataplane

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/dataplane/host"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// manage answers on a management socket as a worker does that does what it is told.
func manage(t testing.TB) *ovpn.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n")
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "client-auth ") {
				for lines.Scan() && lines.Text() != "END" {
				}
			}
			fmt.Fprint(c, "SUCCESS: done\r\n")
		}
	}()
	conn, err := ovpn.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// stage is an endpoint with two workers of which only the management sockets exist; the kernel's
// side is real. Its goroutines do not run: the test is what happens to it.
func stage(t testing.TB, id vpn.EndpointID, client string) (*endpoint, []dialogue) {
	t.Helper()
	needsSandbox(t)
	e, err := Open(t.Context(), Config{RunDir: runDir(t), Workers: 2, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	d := desiredOf(t, id, 1194, client)
	e.mu.Lock()
	ep := e.prepareEndpoint(d)
	e.mu.Unlock()
	if err := ep.prepareWorkers(d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, w := range ep.workers {
			_ = host.DeleteTun(w.device)
		}
		if err := e.table.Remove(); err != nil {
			t.Error(err)
		}
	})
	var dialogues []dialogue
	for n, w := range ep.workers {
		w.instance, w.conn = fmt.Sprintf("run-%d", n), manage(t)
		dialogues = append(dialogues, dialogue{worker: w, conn: w.conn, instance: w.instance})
	}
	if err := ep.applyRules(t.Context(), d, []string{"neta"}); err != nil {
		t.Fatal(err)
	}
	return ep, dialogues
}

func env(name, token string, state ovpn.SessionState) ovpn.Env {
	return ovpn.NewEnv(map[string]string{
		"common_name": name, "session_id": token, "session_state": string(state), "untrusted_ip": "192.0.2.1", "untrusted_port": "5000",
	})
}

// errNotWaiting: the login was removed before it was decided, as when its worker ended.
var errNotWaiting = errors.New("the login does not wait")

// logIn opens a login and lets it be granted.
func logIn(ep *endpoint, l dialogue, cid ovpn.CID, name, token string, id vpn.ConnectionID) error {
	ep.connect(ep.ctx, l, ovpn.Connect{CID: cid, KID: 0, Env: env(name, token, ovpn.SessionInitial)})
	ep.mu.Lock()
	p := ep.waiting[l.client(cid)]
	ep.mu.Unlock()
	if p == nil {
		return fmt.Errorf("client %d: %w", cid, errNotWaiting)
	}
	return ep.Decide(ep.ctx, []vpn.LoginDecision{{
		ID: p.request.ID, Allow: true, Connection: id, Session: vpn.NewSessionID(), User: vpn.Identity{Name: name}, Ends: ep.now().Add(ep.desired.SessionTimeout),
	}})
}
