package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// workerUID is at the end of the range, which a dataplane on this machine hardly uses.
const workerUID = LastUID - 3

// startWorker starts a shell script as a worker in a new directory and ends it with the test.
func startWorker(t *testing.T, script string) *Process {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("run these tests as root: they start processes under other uids")
	}
	return startIn(t, workerDir(t), script)
}

func workerDir(t *testing.T) string {
	t.Helper()
	top, err := os.MkdirTemp("", "supervise")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o711); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "w")
	if err := MakeDir(dir, workerUID, workerUID); err != nil {
		t.Fatal(err)
	}
	return dir
}

func startIn(t *testing.T, dir, script string) *Process {
	t.Helper()
	p, err := Start(Spec{
		Binary: "/bin/sh", Args: []string{"-c", script}, Input: []byte("from stdin\n"),
		Dir: dir, UID: workerUID, GID: workerUID,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill(); p.Release() })
	return p
}

func waitFor(t *testing.T, p *Process) Exit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	e, err := p.Wait(ctx)
	if err != nil {
		t.Fatalf("process %d: %v", p.Identity().PID, err)
	}
	return e
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	last := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-last:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func statusOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for l := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(l, ":")
		m[k] = strings.Join(strings.Fields(v), " ")
	}
	return m
}

func TestWorkerHasNoPrivileges(t *testing.T) {
	p := startWorker(t, "exec sleep 60")
	eventually(t, "sleep runs", func() bool { return statusOf(t, p.Identity().PID)["Name"] == "sleep" })
	got := statusOf(t, p.Identity().PID)
	const none = "0000000000000000"
	uid := fmt.Sprint(workerUID)
	for field, want := range map[string]string{
		"Uid": strings.Join([]string{uid, uid, uid, uid}, " "), "Gid": strings.Join([]string{uid, uid, uid, uid}, " "),
		"Groups": "", "NoNewPrivs": "1",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
	} {
		if got[field] != want {
			t.Errorf("%s of a worker: got %q, want %q", field, got[field], want)
		}
	}
	if sid, err := unix.Getsid(p.Identity().PID); err != nil || sid != p.Identity().PID {
		t.Errorf("session of a worker: got %d (%v), want its own %d", sid, err, p.Identity().PID)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.Identity().PID))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(limits)) {
		if f := strings.Fields(l); strings.HasPrefix(l, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Errorf("a worker may leave a core file: %q", l)
		}
		if f := strings.Fields(l); strings.HasPrefix(l, "Max processes") && (f[2] != "64" || f[3] != "64") {
			t.Errorf("a worker may start many processes: %q", l)
		}
	}
}

// Both settings belong to a thread: no thread that remains may have them.
func TestStartKeepsOwnPrivileges(t *testing.T) {
	for range 8 {
		p := startWorker(t, "exit 0")
		waitFor(t, p)
	}
	bounds := statusOf(t, os.Getpid())["CapBnd"]
	eventually(t, "every thread of this process keeps its privileges", func() bool {
		tasks, err := filepath.Glob("/proc/self/task/*/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			b, err := os.ReadFile(task)
			if err != nil {
				continue // the thread has just ended, as the forking ones must
			}
			if strings.Contains(string(b), "NoNewPrivs:\t1") || !strings.Contains(string(b), "CapBnd:\t"+bounds) || bounds == "0000000000000000" {
				return false
			}
		}
		return true
	})
}

func TestWorkerInputOutputAndExit(t *testing.T) {
	dir := workerDir(t)
	p := startIn(t, dir, "cat; pwd; echo oops >&2; exit 7")
	if e := waitFor(t, p); !e.Known || e.Code != 7 || e.Signal != 0 {
		t.Errorf("exit: got %+v, want status 7", e)
	}
	if got, want := p.Log().read(t), "from stdin\n"+dir+"\noops\n"; got != want {
		t.Errorf("log: got %q, want %q", got, want)
	}
}

func TestStop(t *testing.T) {
	t.Run("SIGTERM", func(t *testing.T) {
		p := startWorker(t, "exec sleep 60")
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e := p.Exit(); e.Signal != syscall.SIGTERM && e.Signal != syscall.SIGKILL {
			t.Errorf("exit: got %v, want a signal", e)
		}
	})
	t.Run("SIGKILL", func(t *testing.T) {
		p := startWorker(t, "trap '' TERM; echo ready; while :; do read x; done < /dev/zero")
		eventually(t, "trap set", func() bool { return p.Log().read(t) != "" })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if e := p.Exit(); e.Signal != syscall.SIGKILL {
			t.Errorf("exit: got %v, want SIGKILL", e)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Errorf("stopping again: %v", err)
		}
	})
}

func TestAdopt(t *testing.T) {
	p := startWorker(t, "exec sleep 60")
	journal, err := json.Marshal(p.Identity())
	if err != nil {
		t.Fatal(err)
	}
	p.Release() // as if this process had ended
	var id Identity
	if err := json.Unmarshal(journal, &id); err != nil {
		t.Fatal(err)
	}
	a, err := Adopt(id)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	select {
	case <-a.Done():
		t.Fatal("Done of an adopted process that runs is closed")
	default:
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// It still is our child, as after executing this program again: it must have been reaped.
	if e := waitFor(t, a); !e.Known {
		t.Errorf("exit of an adopted child: got %+v, want it known", e)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", id.PID)); err == nil {
		t.Errorf("process %d is still there, as a zombie", id.PID)
	}
}

// The background job of a shell is not our child.
func TestAdoptOfAnotherParent(t *testing.T) {
	dir := workerDir(t)
	p := startIn(t, dir, "sleep 60 & echo $!; exec sleep 0.1")
	waitFor(t, p)
	var pid int
	if _, err := fmt.Sscan(p.Log().read(t), &pid); err != nil {
		t.Fatal(err)
	}
	id, err := readIdentity(pid)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Adopt(id)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	if running, err := Running(filepath.Dir(dir)); err != nil || !contains(running, id) {
		t.Errorf("Running: got %v (%v), want %v in it", running, err, id)
	}
	if err := a.Kill(); err != nil {
		t.Fatal(err)
	}
	if e := waitFor(t, a); e.Known {
		t.Errorf("exit: got %+v, want unknown", e)
	}
}

func contains(ids []Identity, id Identity) bool {
	for _, i := range ids {
		if i == id {
			return true
		}
	}
	return false
}

func TestAdoptRefusesAnotherProcess(t *testing.T) {
	p := startWorker(t, "exec sleep 60")
	for name, change := range map[string]func(*Identity){
		"same PID, started later": func(id *Identity) { id.Start++ },
		"same PID, another boot":  func(id *Identity) { id.Boot = "another" },
	} {
		id := p.Identity()
		change(&id)
		if _, err := Adopt(id); !errors.Is(err, ErrGone) {
			t.Errorf("%s: got %v, want ErrGone", name, err)
		}
	}
	id := p.Identity()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := Adopt(id); !errors.Is(err, ErrGone) {
		t.Errorf("an ended process: got %v, want ErrGone", err)
	}
}

func TestParseStat(t *testing.T) {
	const after = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21"
	for _, name := range []string{"(openvpn)", "(a b)", "(x) R 1 2)", "())"} {
		state, start, err := parseStat([]byte("77 " + name + after))
		if state != "S" || start != 4242 || err != nil {
			t.Errorf("%s: got %q %d %v, want S 4242", name, state, start, err)
		}
	}
	for _, bad := range []string{"", "77", "77 (x) S 1"} {
		if _, _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: want an error", bad)
		}
	}
}

// TestEndOthers: what a worker left behind ends before the next one starts, in whatever directory and
// process session it is.
func TestEndOthers(t *testing.T) {
	p := startWorker(t, "cd /; setsid sleep 1000 >/dev/null 2>&1 & setsid sh -c 'while :; do sleep 1000; done' & echo started; wait")
	deadline := time.Now().Add(20 * time.Second)
	count := func() (n int) {
		dirs, _ := filepath.Glob("/proc/[0-9]*")
		for _, dir := range dirs {
			if uid, ok := effectiveUID(dir); ok && uid == workerUID {
				if state, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil && len(state) > 0 {
					n++
				}
			}
		}
		return n
	}
	for count() < 4 && time.Now().Before(deadline) {
		<-time.After(10 * time.Millisecond)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if count() < 3 {
		t.Fatal("the worker left nothing behind, so nothing is tried here")
	}
	if ended, err := EndOthers(workerUID); err != nil || ended < 3 {
		t.Errorf("%d processes ended, %v", ended, err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d processes are left", n)
	}
	if _, err := EndOthers(0); err == nil {
		t.Error("processes of root are taken for a worker's")
	}
}
