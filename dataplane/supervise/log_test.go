package supervise

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// read is the whole log.
func (l *Log) read(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(descriptorPath(l.file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The worker goes on writing while its log is cut, be it in memory or, of an earlier version, a file.
func TestTrimDuringWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log, output, err := newLog()
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	for name, c := range map[string]struct {
		write *os.File
		log   *Log
		trim  func(int64) error
	}{
		"memory": {output, log, log.Trim},
		"file":   {file, &Log{file: file}, func(n int64) error { return TrimFile(path, n) }},
	} {
		for range 100 {
			if _, err := c.write.WriteString("0123456789\n"); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.trim(2000); err != nil {
			t.Fatal(err)
		}
		if n := len(c.log.read(t)); n != 1100 {
			t.Errorf("%s: a log below the limit: got %d bytes, want all 1100", name, n)
		}
		if err := c.trim(1000); err != nil {
			t.Fatal(err)
		}
		if _, err := c.write.WriteString("last\n"); err != nil {
			t.Fatal(err)
		}
		if got := c.log.read(t); len(got) > 505 || !strings.HasPrefix(got, "0123456789\n") || !strings.HasSuffix(got, "9\nlast\n") || strings.ContainsRune(got, 0) {
			t.Errorf("%s: trimmed log: got %d bytes, %q", name, len(got), got)
		}
	}
	if err := TrimFile(path+"x", 10); err != nil {
		t.Errorf("no log: %v", err)
	}
}

// Start tells only what is certainly the start.
func TestStartOfLog(t *testing.T) {
	t.Parallel()
	log, output, err := newLog()
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	if _, err := output.WriteString("first\nsecond\nthird\n"); err != nil {
		t.Fatal(err)
	}
	if got := string(log.Start(9)); got != "first\nsec" {
		t.Errorf("got %q", got)
	}
	if err := log.Trim(10); err != nil {
		t.Fatal(err)
	}
	if got := string(log.Start(100)); got != "" {
		t.Errorf("the start of a log that was cut: got %q", got)
	}
}

// A later dataplane finds the log of a worker that still runs, and the worker can neither read nor cut
// it.
func TestLogOfAdoptedWorker(t *testing.T) {
	t.Parallel()
	p := startWorker(t, "echo first; read x; f=/proc/$$/fd/1; cat $f; (: > $f); exec sleep 60")
	eventually(t, "its attempts failed", func() bool { return strings.Count(p.Log().read(t), "ermission denied") == 2 })
	if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", p.Identity().PID)); err != nil || target != "/memfd:openvpn-log (deleted)" {
		t.Errorf("its output is %s (%v)", target, err)
	}
	a, err := Adopt(p.Identity())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	if a.Log() == nil || a.Log().read(t) != p.Log().read(t) {
		t.Error("the log of the adopted worker is another one")
	}
	if got := a.Log().Start(100); got != nil {
		t.Errorf("the start of an adopted log: got %q", got)
	}
	if err := a.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := a.Log().read(t); !strings.HasPrefix(got, "first\n") {
		t.Errorf("the log after the worker's end: got %q", got)
	}
}

// A worker that was broken into puts another file in the place of its log: root must not cut that.
func TestNoOtherFileIsTakenForLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "memfd:openvpn-log x")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err := newSecretFile([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	plain, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for name, output := range map[string]*os.File{"a file": plain, "the input": secret} {
		cmd := exec.Command("/bin/sleep", "60")
		cmd.Stdout = output
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if l, err := findLog(cmd.Process.Pid); err == nil {
			t.Errorf("%s is taken for a log: %q", name, l.read(t))
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	// The same in a mount namespace in which the path of the file is the name of a log.
	cmd := exec.Command("/bin/sh", "-c", `mount --make-rprivate / && mkdir r && mount -t tmpfs none r && cd r && mkdir old &&
touch "memfd:openvpn-log (deleted)" && mount --bind "../memfd:openvpn-log x" "memfd:openvpn-log (deleted)" && pivot_root . old &&
exec 1<>"/memfd:openvpn-log (deleted)" && echo ready >&2 && read x`)
	cmd.Dir = dir
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if line, err := bufio.NewReader(says).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the namespace is not made: %q %v", line, err)
	}
	eventually(t, "the file has the name of a log", func() bool { // echo has another output for a moment
		target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", cmd.Process.Pid))
		return err == nil && target == "/memfd:openvpn-log (deleted)"
	})
	if l, err := findLog(cmd.Process.Pid); err == nil {
		t.Errorf("another file is taken for a log: %q", l.read(t))
	}
}
