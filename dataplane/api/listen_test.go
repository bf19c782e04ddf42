package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dialAndPrint is an environment variable with the path of a socket: this program then sends it a
// request and prints the beginning of the reply.
const dialAndPrint = "SALLYPORT_TEST_DIAL"

const testTimeout = 10 * time.Second

func TestMain(m *testing.M) {
	path := os.Getenv(dialAndPrint)
	if path == "" {
		os.Exit(m.Run())
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		fmt.Fprint(c, "GET /v1/status HTTP/1.0\r\n\r\n")
		var b []byte
		b, err = io.ReadAll(c)
		fmt.Fprintf(os.Stdout, "%.12s", b)
	}
	if err != nil {
		fmt.Fprint(os.Stdout, err)
	}
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("run this test as root: it connects to the socket as other users")
	}
}

func serve(t *testing.T, path string, uid uint32) {
	t.Helper()
	l, err := Listen(t.Context(), path, 65534)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, Handler(&engine{}, discardLog()), uid, discardLog()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// The kernel reports the uid of a peer, whatever the mode of the socket is.
func TestOnlyWebAndRootAreAccepted(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	const web, other = 64901, 64902
	dir := filepath.Join(openDir(t), "socket")
	path := filepath.Join(dir, "dataplane.sock")
	serve(t, path, web)
	for p, want := range map[string]os.FileMode{dir: 0o750, path: 0o660} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want || info.Sys().(*syscall.Stat_t).Uid != 0 || info.Sys().(*syscall.Stat_t).Gid != 65534 {
			t.Errorf("%s: %v, %v; want %v, root's and of web's group", p, info.Mode(), err, want)
		}
	}
	program := copyOfThisProgram(t)
	as := func(uid, gid uint32) string {
		cmd := exec.Command(program)
		cmd.Env = []string{dialAndPrint + "=" + path}
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("as uid %d: %v %s", uid, err, out)
		}
		return string(out)
	}
	if out := as(web, 65534); !strings.HasPrefix(out, "HTTP/1.0 200") {
		t.Errorf("web receives %q", out)
	}
	if out := as(other, other); !strings.Contains(out, "permission denied") {
		t.Errorf("another user receives %q, want that the modes forbid it", out)
	}
	if out := as(other, 65534); strings.Contains(out, "HTTP") {
		t.Errorf("another user of web's group receives %q", out)
	}
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(path, 0o777)); err != nil {
		t.Fatal(err)
	}
	if out := as(other, other); strings.Contains(out, "HTTP") {
		t.Errorf("with all modes open, another user receives %q", out)
	}
	if out := as(0, 0); !strings.HasPrefix(out, "HTTP/1.0 200") {
		t.Errorf("root receives %q", out)
	}
}

// openDir is a directory that every user may enter; those of t.TempDir are not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sallyport-api-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyOfThisProgram is a file that other users may execute: the one that go test made is not.
func copyOfThisProgram(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(openDir(t), "peer")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestListenChangesNothingOfOthers(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	shared := t.TempDir()
	if err := os.WriteFile(filepath.Join(shared, "other"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(shared)
	if _, err := Listen(t.Context(), filepath.Join(shared, "dataplane.sock"), 0); err == nil || !strings.Contains(err.Error(), "of its own") {
		t.Errorf("a directory with other entries: %v", err)
	}
	if after, _ := os.Stat(shared); after.Mode() != before.Mode() {
		t.Errorf("its mode became %v", after.Mode())
	}
	path := filepath.Join(t.TempDir(), "dataplane.sock")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path, 0); err == nil || !strings.Contains(err.Error(), "is not a socket") {
		t.Errorf("a file at the path: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Error("it was removed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path, 0); err == nil || !strings.Contains(err.Error(), "another dataplane") {
		t.Errorf("a socket that answers: %v", err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if l, err = Listen(t.Context(), path, 0); err != nil {
		t.Fatalf("a socket that a crash left behind: %v", err)
	}
	l.Close()
}

// More than maxPeers connections are refused, and accepted again when others are closed.
func TestPeersAreBounded(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	path := filepath.Join(t.TempDir(), "s", "dataplane.sock")
	serve(t, path, 0)
	accepted := func() bool {
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
		c := http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
		res, err := c.Get("http://dataplane/v1/status")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}
	var idle []net.Conn
	for range maxPeers {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	if accepted() {
		t.Errorf("connection %d was accepted", maxPeers+1)
	}
	for _, c := range idle {
		c.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	for !accepted() {
		if ctx.Err() != nil {
			t.Fatal("no connection is accepted after all others were closed")
		}
	}
}
