package worker

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
)

// newWorker makes a worker whose files are in a directory of the test.
func newWorker(t *testing.T) (*Worker, <-chan Event) {
	t.Helper()
	dir := t.TempDir()
	j, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan Event)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	h := Host{RunDir: dir, Binary: func() string { return "/bin/false" }, Journal: j, Now: time.Now}
	return New(ctx, h, "cvpn-endpoint-0123456789abcdef0", 0, "sp-test", slog.New(slog.DiscardHandler), events), events
}

// serve is a management socket on which every command succeeds. It says the lines after the worker
// has sent "hold release".
func serve(t *testing.T, lines string) *ovpn.Conn {
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
		commands := bufio.NewScanner(c)
		for commands.Scan() {
			fmt.Fprint(c, "SUCCESS: done\r\n")
			if commands.Text() == "hold release" {
				fmt.Fprint(c, strings.ReplaceAll(lines, "\n", "\r\n"))
			}
		}
	}()
	conn, err := ovpn.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func receive(t *testing.T, events <-chan Event) Event {
	t.Helper()
	select {
	case ev := <-events:
		return ev
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
		return Event{}
	}
}

// The endpoint learns what a process says of its clients before it learns of their next events, and
// each event names the run that it is about.
func TestStatusComesBeforeEvents(t *testing.T) {
	t.Parallel()
	w, events := newWorker(t)
	w.instance = "run-1"
	conn := serve(t, ">CLIENT:DISCONNECT,7\n>CLIENT:ENV,END\n>STATE:1700000000,CONNECTED,SUCCESS,,,,,\n")
	attached := make(chan error, 1)
	status := ovpn.Status{Clients: []ovpn.StatusClient{{CID: 7}}}
	go func() { attached <- w.attach(t.Context(), nil, conn, &status) }()
	first := receive(t, events)
	if r, ok := first.Detail.(Resumed); !ok || len(r.Status.Clients) != 1 || first.Instance != "run-1" || first.Conn != conn {
		t.Fatalf("the first event is %+v, want what the process says of its clients", first)
	}
	second := receive(t, events)
	if d, ok := second.Detail.(ovpn.Disconnect); !ok || d.CID != 7 || second.Instance != "run-1" || second.Worker != w {
		t.Fatalf("the second event is %+v, want the end of client 7", second)
	}
	if err := <-attached; err != nil {
		t.Error(err)
	}
	if w.Conn("run-1") != conn || w.Conn("run-2") != nil {
		t.Error("a management connection is found under another run")
	}
}

// A worker that listens says so by its state; what another connection reports does not count.
func TestReadyByItsState(t *testing.T) {
	t.Parallel()
	w, _ := newWorker(t)
	if err := w.Attach(t.Context(), "run-1", serve(t, ">STATE:1700000000,CONNECTED,SUCCESS,,,,,\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.up:
	case <-time.After(10 * time.Second):
		t.Error("the worker is not ready")
	}
	w.ready, w.up = false, make(chan struct{})
	w.setReady(serve(t, ""))
	if w.ready {
		t.Error("a former connection made the worker ready")
	}
}

// The end of a process is reported once, with its reason, and a process that was not stopped by
// request is started again later.
func TestEndIsReportedOnce(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("run this test as root: it starts a process under another account")
	}
	for _, requested := range []bool{false, true} {
		w, events := newWorker(t)
		proc, err := supervise.Start(supervise.Spec{
			Binary: "/bin/sleep", Args: []string{"600"}, Dir: "/", UID: w.uid, GID: w.uid,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.proc, w.instance, w.started = proc, "run-1", time.Now()
		w.watch(proc)
		if !w.Runs("run-1") || w.Runs("run-2") {
			t.Error("the run is not known by its name")
		}
		ended := make(chan error, 1)
		go func() {
			if requested {
				ended <- w.Stop(t.Context())
			} else {
				ended <- proc.Kill()
			}
		}()
		ev, ok := receive(t, events).Detail.(Ended)
		if !ok || ev.Requested != requested || ev.Reason == "" || (ev.Again == 0) != requested {
			t.Errorf("requested %v: reported %+v", requested, ev)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.ended(proc) // as the watcher does, which may come second
		if w.Runs("run-1") {
			t.Error("it still counts as running")
		}
	}
}

// Nothing waits for an endpoint that has ended.
func TestEventsAreDroppedAtTheEnd(t *testing.T) {
	t.Parallel()
	w, _ := newWorker(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.ctx = ctx
	cancel()
	w.emit("run-1", nil, Ended{})
}
