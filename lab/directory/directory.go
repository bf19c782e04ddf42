package directory

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// Password is the password of every account of the directories.
const Password = "Secret-12345 ä:\"'"

// Server is a directory that runs.
type Server struct {
	// Options are those of a directory in the console. The service account's password is Password.
	Options vpn.DirectoryOptions

	dir  string
	args []string
	at   string // where it listens
	on   *netlab.Namespace
	pid  int
	done chan struct{}
}

// start runs a server in a directory of its own until the end of the test, and waits until it listens.
func (s *Server) start(t testing.TB, listens string, args ...string) {
	t.Helper()
	s.args, s.at = args, listens
	s.launch(t)
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			t.Logf("the log of %s:\n%s", args[0], netlab.Tail(string(b), 3000))
		}
	})
	s.wait(t)
}

// Again starts the server after Stop.
func (s *Server) Again(t testing.TB) {
	t.Helper()
	s.launch(t)
	s.wait(t)
}

func (s *Server) launch(t testing.TB) {
	t.Helper()
	cmd := s.on.Exec(s.args...)
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid, s.done = cmd.Process.Pid, make(chan struct{})
	go func() { _ = cmd.Wait(); _ = log.Close(); close(s.done) }()
}

func (s *Server) wait(t testing.TB) {
	t.Helper()
	netlab.Eventually(t, 20*time.Second, s.args[0]+" listens", func() bool {
		var conn net.Conn
		err := s.on.Do(func() (err error) { conn, err = net.DialTimeout("tcp", s.at, time.Second); return err })
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// Stop ends the server at once.
func (s *Server) Stop() {
	_ = syscall.Kill(-s.pid, syscall.SIGKILL)
	<-s.done
}

// Freeze has the server accept connections and say nothing, until Thaw.
func (s *Server) Freeze() { _ = syscall.Kill(-s.pid, syscall.SIGSTOP) }

// Thaw ends Freeze.
func (s *Server) Thaw() { _ = syscall.Kill(-s.pid, syscall.SIGCONT) }

// run runs a tool of the directory with a text as its input.
func (s *Server) run(t testing.TB, input string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	prepared := s.on.Exec(args...)
	cmd := exec.CommandContext(ctx, prepared.Path, prepared.Args[1:]...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "LDAPTLS_REQCERT=never")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, netlab.Tail(out.String(), 2000))
	}
}

// write makes a file of the server.
func (s *Server) write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
