package netlab

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// UpLine is what an OpenVPN process logs when its tunnel is up.
const UpLine = "Initialization Sequence Completed"

// Client is a stock OpenVPN client on a host.
type Client struct {
	On   *Namespace
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// StartClient starts a client with a profile, unchanged, and does not wait for its tunnel. It is
// killed at the end of the test.
func StartClient(t testing.TB, on *Namespace, profile string) *Client {
	t.Helper()
	return startClient(t, on, profile, func(*Client) {})
}

// startClient prepares the client's command, which follows others, before it starts.
func startClient(t testing.TB, on *Namespace, profile string, prepare func(*Client), follows ...string) *Client {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "client.ovpn")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Client{On: on, log: filepath.Join(dir, "client.log"), done: make(chan struct{})}
	c.cmd = on.Exec(append(follows, "openvpn", "--config", file, "--log", c.log)...)
	prepare(c)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.cmd.Wait(); close(c.done) }()
	t.Cleanup(func() {
		c.Kill()
		if t.Failed() {
			t.Logf("the log of the client on %s:\n%s", on.Name, Tail(c.Log(), 4000))
		}
	})
	return c
}

// ConnectClient starts a client and waits until its tunnel is up.
func ConnectClient(t testing.TB, on *Namespace, profile string) *Client {
	t.Helper()
	c := StartClient(t, on, profile)
	c.WaitUp(t, 1)
	return c
}

// PID is the client's process.
func (c *Client) PID() int { return c.cmd.Process.Pid }

// Log is what the client has logged so far.
func (c *Client) Log() string {
	b, _ := os.ReadFile(c.log)
	return string(b)
}

// Ups is how often the client's tunnel came up.
func (c *Client) Ups() int { return strings.Count(c.Log(), UpLine) }

// WaitUp waits until the client's tunnel came up for the n-th time.
func (c *Client) WaitUp(t testing.TB, n int) {
	t.Helper()
	Eventually(t, 40*time.Second, fmt.Sprintf("the client on %s is connected (%d)", c.On.Name, n), func() bool { return c.Ups() >= n })
}

// Address is the client's tunnel address.
func (c *Client) Address(t testing.TB) netip.Addr {
	t.Helper()
	return c.AddressOn(t, "tun0")
}

var interfaceAddress = regexp.MustCompile(`inet (\d+\.\d+\.\d+\.\d+)/`)

// AddressOn is the IPv4 address of a device of the client's host.
func (c *Client) AddressOn(t testing.TB, device string) netip.Addr {
	t.Helper()
	out := c.On.IP(t, "-4", "addr", "show", "dev", device)
	m := interfaceAddress.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no tunnel address: %s", out)
	}
	return netip.MustParseAddr(m[1])
}

// Done is closed when the client's process has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Running tells whether the client's process has not ended.
func (c *Client) Running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// Leave has the client end its connection in good order, and waits for its process.
func (c *Client) Leave(t testing.TB) {
	t.Helper()
	_ = c.cmd.Process.Signal(os.Interrupt)
	select {
	case <-c.done:
	case <-time.After(15 * time.Second):
		t.Fatal("the client does not end")
	}
}

// Restart has the client connect again, as it does by itself when the server is silent.
func (c *Client) Restart(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the client without a message to the server, and waits for its process.
func (c *Client) Kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}
