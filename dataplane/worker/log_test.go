package worker

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
)

// What this process logs of a worker's output tells of no client.
func TestStartTextEndsWhereClientsBegin(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("run this test as root: it starts a process under another account")
	}
	w, _ := newWorker(t)
	for script, want := range map[string][2]string{
		"echo one; echo two":           {"one\ntwo", "two"},
		"printf 'Options \\377 error'": {"Options ? error", "Options ? error"},
		"echo one; echo '2026 Initialization Sequence Completed'; echo 192.0.2.1:1 peer info: IV_VER=2": {"one", "one"},
		"true": {"", "(it is empty)"},
	} {
		proc, err := supervise.Start(supervise.Spec{Binary: "/bin/sh", Args: []string{"-c", script}, Dir: "/", UID: w.uid, GID: w.uid})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-proc.Done():
		case <-time.After(10 * time.Second):
			t.Fatal("the process does not end")
		}
		if text, last := startText(proc.Log()), lastLine(proc.Log()); text != want[0] || last != want[1] {
			t.Errorf("%s: got %q and %q, want %q", script, text, last, want)
		}
	}
}

// A worker that an earlier version started goes on writing to a file: that is cut like a log in memory,
// and removed with the directory when no process writes it.
func TestOldLogFiles(t *testing.T) {
	t.Parallel()
	w, _ := newWorker(t)
	logs := filepath.Join(w.host.RunDir, "logs")
	if err := os.Mkdir(logs, 0o711); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{w.Device, "sp-other"} {
		if err := os.WriteFile(filepath.Join(logs, name+".log"), make([]byte, maxLog+1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := &supervise.Process{} // as adopted: its output is no log in memory
	w.proc = old
	RemoveOldLogs(w.host.RunDir, []*Worker{w})
	if left, _ := filepath.Glob(filepath.Join(logs, "*")); len(left) != 1 || left[0] != w.oldLog() {
		t.Fatalf("left are %v, want the log that is written", left)
	}
	w.trimLog()
	if info, err := os.Stat(w.oldLog()); err != nil || info.Size() > maxLog/2 {
		t.Errorf("the old log was not cut: %v %v", info.Size(), err)
	}
	w.removeOldLog()
	if _, err := os.Stat(logs); !os.IsNotExist(err) {
		t.Errorf("the directory of old logs is left: %v", err)
	}
}

// What other hosts have a worker write is cut while it runs, whatever the reconciler does.
func TestLogStaysShort(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("run this test as root: it starts a process under another account")
	}
	w, _ := newWorker(t)
	proc, err := supervise.Start(supervise.Spec{Binary: "/bin/sh", Args: []string{"-c", "yes garbage | head -c 6000000; exec sleep 600"}, Dir: "/", UID: w.uid, GID: w.uid})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proc.Kill() }()
	size := func() int64 {
		info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/1", proc.Identity().PID))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	wait := func(what string, ok func() bool) {
		for end := time.Now().Add(15 * time.Second); !ok(); <-time.After(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not within 15 s: %s", what)
			}
		}
	}
	wait("it has written", func() bool { return size() == 6000000 })
	w.proc, w.instance = proc, "run-1"
	conn := serve(t, "")
	w.conn = conn
	go w.list("run-1", conn, nil)
	wait("the log is cut", func() bool { return size() <= maxLog/2 })
}

// Only clients that left after the moment count; text that a client sent does not.
func TestGoodbyesInLog(t *testing.T) {
	t.Parallel()
	const log = `2026-11-27 07:00:00 old/192.0.2.9:1000 CC-EEN exit message received by peer
2026-11-27 07:17:31 alice/192.0.2.2:56749 CC-EEN exit message received by peer
2026-11-27 07:17:32 192.0.2.3:2 peer info: IV_GUI_VER=bob
short
2026-11-27 07:17:33 alice/192.0.2.2:56749 [alice] Inactivity timeout (--ping-restart), restarting
`
	since := time.Date(2026, 11, 27, 7, 17, 0, 0, time.Local)
	want := []Left{{ovpn.Goodbye{CommonName: "alice", Peer: netip.MustParseAddrPort("192.0.2.2:56749")}, since.Add(31 * time.Second)}}
	if got := goodbyesIn(log, since); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
