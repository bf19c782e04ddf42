package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// client is a stock OpenVPN client on a host.
type client struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// connect starts a client with a configuration file, unchanged, and waits until its tunnel is up.
func connect(t testing.TB, on *host, profile string) *client {
	t.Helper()
	dir := t.TempDir()
	file, log := filepath.Join(dir, "client.ovpn"), filepath.Join(dir, "client.log")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &client{cmd: on.exec("openvpn", "--config", file, "--log", log), done: make(chan struct{})}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.cmd.Wait(); close(c.done) }()
	said := func() string { b, _ := os.ReadFile(log); return string(b) }
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
		if t.Failed() {
			t.Logf("the client said:\n%s", tail(said(), 3000))
		}
	})
	eventually(t, 40*time.Second, "the client is connected", func() bool {
		return strings.Contains(said(), "Initialization Sequence Completed")
	})
	return c
}

// ended tells whether the client's program has ended.
func (c *client) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// reaches tells whether an address answers to a host.
func (h *host) reaches(addr string, size string) bool {
	return h.exec("ping", "-c", "3", "-i", "0.05", "-W", "1", "-s", size, addr).Run() == nil
}
