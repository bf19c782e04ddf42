package dataplane

import (
	"context"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	web "sallyport/dataplane/client"
	"sallyport/dataplane/eventlog"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/session"
	"sallyport/dataplane/supervise"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// process is a dataplane in a process of its own.
type process struct {
	*web.Client
	cmd *exec.Cmd
}

func startEngine(t *testing.T, dir string) *process {
	t.Helper()
	p := &process{Client: web.New(socketIn(dir)), cmd: exec.Command("/proc/self/exe")}
	p.cmd.Env = append(os.Environ(), asEngine+"="+dir)
	log := &strings.Builder{}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("dataplane:\n%s", log)
		}
	})
	eventually(t, "the dataplane answers", func() bool { _, err := p.Status(t.Context()); return err == nil })
	return p
}

func (p *process) end(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil && s == syscall.SIGTERM {
		t.Errorf("a stop failed: %v", err)
	}
}

// eventually polls a condition.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func pidsIn(t *testing.T, dir string) []int {
	t.Helper()
	running, err := supervise.Running(filepath.Join(dir, "workers"))
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, id := range running {
		out = append(out, id.PID)
	}
	slices.Sort(out)
	return out
}

var handles = regexp.MustCompile(` # handle \d+`)

// table gives our table: its handle, which another table of the same name would not have, and
// what is in it.
func table(t *testing.T) (handle, content string) {
	t.Helper()
	out, err := exec.Command("nft", "-a", "list", "tables").CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "sallyport") {
			handle = strings.TrimSpace(line)
		}
	}
	if handle == "" {
		return "", ""
	}
	if out, err = exec.Command("nft", "-a", "list", "table", "inet", "sallyport").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	lines := strings.Split(handles.ReplaceAllString(string(out), ""), "\n")
	slices.Sort(lines) // the order of sets and chains is that of their making
	return handle, strings.Join(lines, "\n")
}

func runDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "sallyport-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // workers pass through
		t.Fatal(err)
	}
	return dir
}

// The life of an endpoint: it is made, outlives a crash of the dataplane with the same workers and
// the same rules, reports the ends of the sessions that the crash left, and is removed without a
// trace.
func TestEngine(t *testing.T) {
	needsSandbox(t)
	dir := runDir(t)
	d := desiredOf(t, "cvpn-endpoint-0123456789abcdef0", 1194, "10.20.0.0/22")
	p := startEngine(t, dir)
	if err := p.Apply(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	wantApplied(t, p, d)
	older := d
	older.Generation--
	if err := p.Apply(t.Context(), older); vpn.KindOf(err) != vpn.Stale {
		t.Errorf("an older generation: %v, want Stale", err)
	}
	overlap := desiredOf(t, "cvpn-endpoint-1123456789abcdef0", 1195, "10.20.0.0/20")
	if err := p.Apply(t.Context(), overlap); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("an overlapping client range: %v, want Conflict", err)
	}

	wantClosed(t, dir)
	pids := pidsIn(t, dir)
	handle, content := table(t)
	if len(pids) != 2 || handle == "" {
		t.Fatalf("workers %v, table %q", pids, handle)
	}
	p.end(t, syscall.SIGKILL)
	leaveSessions(t, dir, d)
	p = startEngine(t, dir)
	wantApplied(t, p, d)
	if now := pidsIn(t, dir); !slices.Equal(now, pids) {
		t.Errorf("workers %v after a crash, were %v", now, pids)
	}
	if h, c := table(t); h != handle || c != content {
		t.Errorf("the table after a crash:\n%s %s\nbefore:\n%s %s", h, c, handle, content)
	}
	wantEnds(t, p)

	if err := p.Forget(t.Context(), d.Endpoint); err != nil {
		t.Fatal(err)
	}
	if left := pidsIn(t, dir); len(left) > 0 {
		t.Errorf("workers %v of a forgotten endpoint run", left)
	}
	j, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	host := j.Path(journal.Snapshots, hostSnapshot)
	if files, _ := filepath.Glob(filepath.Join(dir, "journal", "*", "*.json")); len(files) > 1 || len(files) == 1 && files[0] != host {
		t.Errorf("the journal of a forgotten endpoint has %v", files)
	}
	p.end(t, syscall.SIGTERM)
	if h, _ := table(t); h != "" {
		t.Errorf("after a stop there is %s", h)
	}
	if out, _ := exec.Command("ip", "-br", "link").Output(); strings.Contains(string(out), "sp0123") {
		t.Errorf("after a stop there are devices:\n%s", out)
	}
}

// wantClosed checks that only root can write in the run directory, except workers in their own
// directories, and that only root can read what is secret.
func wantClosed(t *testing.T, dir string) {
	t.Helper()
	workers := filepath.Join(dir, "workers") + "/"
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode()
		switch {
		case strings.HasPrefix(path, workers):
			if mode.Perm() != 0o700 {
				t.Errorf("the worker's directory %s has mode %v", path, mode)
			}
			return filepath.SkipDir
		case mode&0o022 != 0 && mode.Type() != fs.ModeSocket, info.Sys().(*syscall.Stat_t).Uid != 0:
			t.Errorf("others than root can write %s (%v)", path, mode)
		case strings.Contains(path, "journal") && mode&0o077 != 0:
			t.Errorf("others than root can read %s (%v)", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantApplied(t *testing.T, p *process, d vpn.Desired) {
	t.Helper()
	eventually(t, "the state is applied", func() bool {
		s, err := p.Status(t.Context())
		return err == nil && len(s.Endpoints) == 1 && s.Endpoints[0].Applied == d.Generation && len(s.Endpoints[0].Faults) == 0
	})
}

const (
	lostConnection  = vpn.ConnectionID("cvpn-connection-00000000000000001") // its worker runs and does not have it
	strayConnection = vpn.ConnectionID("cvpn-connection-00000000000000002") // of an endpoint that is gone
	pastConnection  = vpn.ConnectionID("cvpn-connection-00000000000000003") // had ended, and web was told of it
	toldConnection  = vpn.ConnectionID("cvpn-connection-00000000000000004") // likewise, and the crash came before the journal said so
)

// leaveSessions writes what a crash may leave in the journal.
func leaveSessions(t *testing.T, dir string, d vpn.Desired) {
	t.Helper()
	j, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	workers, err := journal.Read[worker.Record](j, journal.Workers)
	if err != nil {
		t.Fatal(err)
	}
	addr := vpn.Gateway(d.ClientCIDR)
	for _, s := range []session.Session{
		{Connection: lostConnection, Endpoint: d.Endpoint, CID: 900},
		{Connection: strayConnection, Endpoint: "cvpn-endpoint-9999999999999999f"},
		{Connection: pastConnection, Endpoint: d.Endpoint, CID: 901, Ended: true},
		{Connection: toldConnection, Endpoint: d.Endpoint, CID: 902},
	} {
		addr = addr.Next()
		s.Session, s.Association, s.Addr = vpn.NewSessionID(), d.Associations[0].ID, addr
		s.User, s.Ends, s.Token = vpn.Identity{Name: "alice"}, session.Uptime()+time.Hour, string(s.Connection)
		s.Instance, s.Device = workers[0].Instance, workers[0].Device
		if err := j.Put(journal.Sessions, string(s.Connection), s); err != nil {
			t.Fatal(err)
		}
	}
	events, err := eventlog.Open(filepath.Join(dir, "events.ndjson"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	events.Add(vpn.Event{Ended: &vpn.Ended{Connection: toldConnection, Reason: "Told."}})
	if err := os.WriteFile(j.Path(journal.Sessions, "torn"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantEnds(t *testing.T, p *process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	want := map[vpn.ConnectionID]string{toldConnection: "Told.", lostConnection: "The client left before its tunnel was up.", strayConnection: "The VPN server was restarted."}
	var last uint64
	for ev, err := range p.Events(ctx, "", 0) {
		if err != nil {
			t.Fatalf("%v; the ends of %v were not reported", err, want)
		}
		if ev.Ended == nil {
			t.Fatalf("an event %+v of unknown sessions", ev)
		}
		if want[ev.Ended.Connection] != ev.Ended.Reason {
			t.Errorf("%s ended: %q, want %q", ev.Ended.Connection, ev.Ended.Reason, want[ev.Ended.Connection])
		}
		last = ev.Seq
		if delete(want, ev.Ended.Connection); len(want) == 0 {
			break
		}
	}
	// Nothing more is reported.
	short, enough := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer enough()
	for ev, err := range p.Events(short, "", 0) {
		if err == nil && ev.Seq > last {
			t.Errorf("%+v was reported as well", ev)
		}
	}
	live, err := p.Connections(t.Context())
	if err != nil || len(live) > 0 {
		t.Errorf("live connections %v, %v", live, err)
	}
}

// The inspector has ended before a stop removes what it looks after.
func TestStopEndsTheInspector(t *testing.T) {
	needsSandbox(t)
	e, err := Open(t.Context(), Config{RunDir: runDir(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ran := make(chan struct{})
	go func() { defer close(ran); e.Run(ctx) }()
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Run returns", func() bool {
		select {
		case <-ran:
			return true
		default:
			return false
		}
	})
}

// The flows of sessions that are not adopted are removed later where that failed at the start.
func TestLeftoverFlowsAreRemovedLater(t *testing.T) {
	needsSandbox(t)
	e, err := Open(t.Context(), Config{RunDir: runDir(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	e.leftover = []netip.Addr{netip.MustParseAddr("10.36.0.9")}
	withoutAdmin(t, func() { e.forgetLeftover(t.Context()) })
	if len(e.leftover) != 1 || len(e.faults.All()) != 1 {
		t.Fatalf("without the right to it: %v are left, faults %+v", e.leftover, e.faults.All())
	}
	e.forgetLeftover(t.Context())
	if len(e.leftover) != 0 || len(e.faults.All()) != 0 {
		t.Errorf("%v are left, faults %+v", e.leftover, e.faults.All())
	}
}

// withoutAdmin runs f in a thread without CAP_NET_ADMIN, which ends with it.
func withoutAdmin(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		err := unix.Capget(&header, &data[0])
		data[0].Effective &^= 1 << unix.CAP_NET_ADMIN
		if err == nil {
			err = unix.Capset(&header, &data[0])
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// web can have so many endpoints written down where the host policy says nothing.
func TestEndpointsAreBoundedByDefault(t *testing.T) {
	t.Parallel()
	e := &Engine{policy: hostpolicy.NewFile(""), endpoints: map[vpn.EndpointID]*endpoint{}}
	for range defaultMaxEndpoints {
		e.endpoints[vpn.NewEndpointID()] = &endpoint{}
	}
	if _, err := e.endpointFor(vpn.Desired{Endpoint: vpn.NewEndpointID()}); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("one more: got %v, want a refusal", err)
	}
	for id, ep := range e.endpoints {
		if got, err := e.endpointFor(vpn.Desired{Endpoint: id}); got != ep || err != nil {
			t.Errorf("a known endpoint: %v", err)
		}
	}
}
