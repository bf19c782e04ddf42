package lab

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"os/exec"
)

// vpnClient is a stock OpenVPN client on one of the lab's hosts.
type vpnClient struct {
	on   *namespace
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// dial starts a client with a configuration file, unchanged, and does not wait.
func dial(t testing.TB, on *namespace, profile string) *vpnClient {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "client.ovpn")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &vpnClient{on: on, log: filepath.Join(dir, "client.log"), done: make(chan struct{})}
	c.cmd = on.exec("openvpn", "--config", file, "--log", c.log)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.cmd.Wait(); close(c.done) }()
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("the client on %s said:\n%s", on.name, tail(c.said(), 4000))
		}
	})
	return c
}

// connectVPN starts a client and waits until its tunnel is up.
func connectVPN(t testing.TB, on *namespace, profile string) *vpnClient {
	t.Helper()
	c := dial(t, on, profile)
	c.waitUp(t, 1)
	return c
}

const upLine = "Initialization Sequence Completed"

// waitUp waits until the client was connected for the n-th time.
func (c *vpnClient) waitUp(t testing.TB, n int) {
	t.Helper()
	eventually(t, 40*time.Second, fmt.Sprintf("the client on %s is connected (%d)", c.on.name, n), func() bool {
		return strings.Count(c.said(), upLine) >= n
	})
}

func (c *vpnClient) said() string {
	b, _ := os.ReadFile(c.log)
	return string(b)
}

// address is the client's tunnel address.
var tunAddress = regexp.MustCompile(`inet (\d+\.\d+\.\d+\.\d+)/`)

func (c *vpnClient) address(t testing.TB) netip.Addr {
	t.Helper()
	return c.addressOn(t, "tun0")
}

func (c *vpnClient) addressOn(t testing.TB, device string) netip.Addr {
	t.Helper()
	out := c.on.ip(t, "-4", "addr", "show", "dev", device)
	m := tunAddress.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no tunnel address: %s", out)
	}
	return netip.MustParseAddr(m[1])
}

// running tells whether the client's program has not ended.
func (c *vpnClient) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// leave has the client say goodbye.
func (c *vpnClient) leave(t testing.TB) {
	t.Helper()
	_ = c.cmd.Process.Signal(os.Interrupt)
	select {
	case <-c.done:
	case <-time.After(15 * time.Second):
		t.Fatal("the client does not end")
	}
}

func (c *vpnClient) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// echoServer answers on a TCP port of a host, and on the UDP port of the same number, with what
// it is sent.
func echoServer(t testing.TB, on *namespace, port int) {
	t.Helper()
	err := on.do(func() error {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer conn.Close(); _, _ = io.Copy(conn, conn) }()
			}
		}()
		u, err := net.ListenPacket("udp4", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		t.Cleanup(func() { u.Close() })
		go func() {
			b := make([]byte, 2048)
			for {
				n, from, err := u.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = u.WriteTo(b[:n], from)
			}
		}()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const echoPort = 7000

// probeWait is how long a probe waits for an answer that may never come.
const probeWait = 700 * time.Millisecond

// answers tells whether the host at addr answers a TCP connection and a datagram from n.
func answers(n *namespace, addr string, port int) bool {
	return tcpAnswers(n, addr, port) && udpAnswers(n, addr, port)
}

func tcpAnswers(n *namespace, addr string, port int) bool {
	conn, err := n.dialTCP(addr, port)
	if err != nil {
		return false
	}
	defer conn.Close()
	return echoes(conn)
}

func udpAnswers(n *namespace, addr string, port int) bool {
	var conn net.Conn
	err := n.do(func() (err error) {
		conn, err = net.DialTimeout("udp4", net.JoinHostPort(addr, fmt.Sprint(port)), probeWait)
		return err
	})
	if err != nil {
		return false
	}
	defer conn.Close()
	return echoes(conn)
}

func (n *namespace) dialTCP(addr string, port int) (conn net.Conn, err error) {
	err = n.do(func() (err error) {
		conn, err = net.DialTimeout("tcp4", net.JoinHostPort(addr, fmt.Sprint(port)), probeWait)
		return err
	})
	return conn, err
}

func echoes(conn net.Conn) bool {
	_ = conn.SetDeadline(time.Now().Add(probeWait))
	if _, err := conn.Write([]byte("ping")); err != nil {
		return false
	}
	b := make([]byte, 4)
	_, err := io.ReadFull(conn, b)
	return err == nil && string(b) == "ping"
}
