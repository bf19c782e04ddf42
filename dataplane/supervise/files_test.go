package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStartRefusesRootAndRelativePaths(t *testing.T) {
	good := Spec{Binary: "/bin/true", Dir: "/tmp", UID: workerUID, GID: workerUID}
	for name, change := range map[string]func(*Spec){
		"root":            func(s *Spec) { s.UID = 0 },
		"group root":      func(s *Spec) { s.GID = 0 },
		"relative binary": func(s *Spec) { s.Binary = "openvpn" },
		"relative dir":    func(s *Spec) { s.Dir = "w" },
	} {
		s := good
		change(&s)
		if _, err := Start(s); err == nil {
			t.Errorf("%s: started", name)
		}
	}
}

func TestMakeDir(t *testing.T) {
	dir := workerDir(t)
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); info.Mode().Perm() != 0o700 || st.Uid != workerUID || st.Gid != workerUID {
		t.Errorf("got mode %v of %d:%d, want 0700 of the worker", info.Mode(), st.Uid, st.Gid)
	}
	if err := MakeDir(dir, workerUID, workerUID); err != nil {
		t.Errorf("its own directory again: %v", err)
	}
	if err := MakeDir(dir, workerUID+1, workerUID+1); err == nil {
		t.Error("another worker's directory was accepted")
	}
	link := filepath.Join(filepath.Dir(dir), "link")
	if err := os.Symlink("/etc", link); err != nil {
		t.Fatal(err)
	}
	if err := MakeDir(link, workerUID, workerUID); err == nil {
		t.Error("a symbolic link was accepted as a directory")
	}
	if err := os.Chmod(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := MakeDir(dir, workerUID, workerUID); err == nil || !strings.Contains(err.Error(), "may not search") {
		t.Errorf("a parent that the worker may not search: got %v", err)
	}
}

func TestTunNodeOpensForTheWorker(t *testing.T) {
	dir := workerDir(t)
	node, err := TunNode(dir, workerUID, workerUID)
	if err != nil {
		t.Fatal(err)
	}
	if node == "" {
		node = sharedNode
	}
	p := startIn(t, dir, "exec 3<>"+node+" && echo opened")
	if e := waitFor(t, p); e.Code != 0 {
		t.Errorf("opening %s as the worker: %v", node, e)
	}
	if again, err := TunNode(dir, workerUID, workerUID); err != nil || again != node && again != "" {
		t.Errorf("a second time: got %q (%v), want %q", again, err, node)
	}
}

func TestUID(t *testing.T) {
	for n, want := range map[int]uint32{0: FirstUID, 255: LastUID} {
		if got, err := UID(n); err != nil || got != want {
			t.Errorf("slot %d: got %d (%v), want %d", n, got, err, want)
		}
	}
	for _, n := range []int{-1, 256} {
		if _, err := UID(n); err == nil {
			t.Errorf("slot %d: want an error", n)
		}
	}
}

func TestBackoff(t *testing.T) {
	var b Backoff
	waits := []time.Duration{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000}
	for i, ms := range waits {
		got, longest := b.Next(time.Second), ms*time.Millisecond
		if got > longest || got < longest*4/5 {
			t.Errorf("wait %d: got %v, want %v less up to a fifth", i, got, longest)
		}
	}
	if got := b.Next(time.Hour); got > 500*time.Millisecond {
		t.Errorf("after a long run: got %v, want half a second", got)
	}
	if b.Failures() != 1 {
		t.Errorf("failures after a long run: got %d, want 1", b.Failures())
	}
}
