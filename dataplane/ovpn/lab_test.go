package ovpn_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

const (
	workerSlot = 250
	patience   = 30 * time.Second
)

var (
	clientRange = netip.MustParsePrefix("10.77.0.0/16")
	gateway     = netip.MustParseAddr("10.77.0.1")
	device      = "spt0"
)

// lab is one worker in our namespaces and a network with one client host beside it.
type lab struct {
	t      *testing.T
	ca     *authority
	config ovpn.Config
	proc   *supervise.Process
	conn   *ovpn.Conn
	host   int // PID of the process that keeps the client host's network namespace
	log    string
	count  int
}

// newLab brings a worker up exactly as the dataplane does.
func newLab(t *testing.T, change func(*ovpn.Config)) *lab {
	t.Helper()
	needsSandbox(t)
	l := &lab{t: t, ca: newAuthority(t, "Lab CA")}
	l.network()

	top, err := os.MkdirTemp("", "sallyport")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o711); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "w")
	uid, err := supervise.UID(workerSlot)
	if err != nil {
		t.Fatal(err)
	}
	if err := supervise.MakeDir(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
	node, err := supervise.TunNode(dir, uid, uid)
	if err != nil {
		t.Fatal(err)
	}
	run(t, "ip", "tuntap", "add", "dev", device, "mode", "tun", "user", fmt.Sprint(uid), "group", fmt.Sprint(uid))
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", device).Run() })
	run(t, "ip", "addr", "add", gateway.String()+"/16", "dev", device)
	run(t, "ip", "link", "set", device, "up")

	l.config = ovpn.Config{
		Device: device, DevNode: node, Gateway: gateway, ClientCIDR: clientRange, Transport: vpn.UDP,
		Listen:     netip.MustParseAddrPort("192.0.2.1:1201"),
		Management: filepath.Join(dir, "m.sock"), ClientCertificates: true,
		Keys: serverKeys(t, l.ca), MaxClients: 100,
	}
	if change != nil {
		change(&l.config)
	}
	input, err := l.config.Render()
	if err != nil {
		t.Fatal(err)
	}
	l.log = filepath.Join(top, "worker.log")
	binary, err := exec.LookPath("openvpn")
	if err != nil {
		t.Fatal(err)
	}
	l.proc, err = supervise.Start(supervise.Spec{
		Binary: binary, Args: []string{"--config", "stdin"}, Input: input,
		Log: l.log, Dir: dir, UID: uid, GID: uid,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = l.proc.Kill()
		if t.Failed() {
			b, _ := os.ReadFile(l.log)
			t.Logf("the worker's log:\n%s", b)
		}
	})
	l.dial()
	for _, f := range []func(context.Context) error{l.conn.LogOn, l.conn.StateOn, l.conn.HoldRelease} {
		if err := f(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	until(l, func(s ovpn.State) bool { return s.Name == "CONNECTED" })
	return l
}

// dial connects to the worker, and fails as soon as the worker ends.
func (l *lab) dial() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	go func() {
		select {
		case <-l.proc.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	conn, err := ovpn.Await(ctx, l.config.Management)
	if err != nil {
		l.t.Fatalf("%v; the worker %v", err, l.proc.Exit())
	}
	l.conn = conn
	l.t.Cleanup(func() { _ = conn.Close() })
}

// network makes the client's host: a namespace that lives as long as a process waits for its
// standard input to close, which it does when the test ends, however.
func (l *lab) network() {
	l.t.Helper()
	hold := exec.Command("cat")
	hold.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	in, err := hold.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := hold.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		_ = in.Close()
		_ = hold.Wait()
		_ = exec.Command("ip", "link", "del", "up0").Run()
	})
	l.host = hold.Process.Pid
	run(l.t, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", fmt.Sprint(l.host))
	run(l.t, "ip", "addr", "add", "192.0.2.1/24", "dev", "up0")
	run(l.t, "ip", "link", "set", "up0", "up")
	run(l.t, l.there("ip", "addr", "add", "192.0.2.2/24", "dev", "eth0")...)
	run(l.t, l.there("ip", "link", "set", "eth0", "up")...)
}

// there makes a command run on the client's host.
func (l *lab) there(args ...string) []string {
	return append([]string{"nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", l.host), "--"}, args...)
}

// client is a stock OpenVPN client.
type client struct {
	t   *testing.T
	cmd *exec.Cmd
	end chan error
	log string
}

// connect starts a client with a profile such as ours; extra lines are added to it.
func (l *lab) connect(p pair, extra ...string) *client {
	l.t.Helper()
	l.count++
	proto := "udp4"
	if l.config.Transport == vpn.TCP {
		proto = "tcp4-client"
	}
	profile := fmt.Sprintf("client\ndev tunc\ndev-type tun\nproto %s\nremote 192.0.2.1 %d\nnobind\nremote-cert-tls server\nverb 3\nconnect-retry 1 1\nscript-security 1\n", proto, l.config.Listen.Port())
	if l.config.Transport == vpn.UDP {
		profile += "explicit-exit-notify 1\n"
	}
	inline := map[string]string{"ca": l.ca.pem, "tls-crypt": l.config.Keys.TLSCrypt.Reveal()}
	if p.cert != "" {
		inline["cert"], inline["key"] = p.cert, p.key
	}
	for tag, body := range inline {
		profile += fmt.Sprintf("<%s>\n%s</%s>\n", tag, body, tag)
	}
	profile += strings.Join(extra, "\n") + "\n"

	c := &client{t: l.t, end: make(chan error, 1), log: filepath.Join(l.t.TempDir(), fmt.Sprintf("client%d.log", l.count))}
	out, err := os.Create(c.log)
	if err != nil {
		l.t.Fatal(err)
	}
	args := l.there("openvpn", "--config", "stdin")
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = strings.NewReader(profile), out, out
	if err := c.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() { c.end <- c.cmd.Wait(); close(c.end); _ = out.Close() }()
	l.t.Cleanup(c.stop)
	return c
}

// stop kills a client that has not ended; it says goodbye to nobody.
func (c *client) stop() {
	_ = c.cmd.Process.Kill()
	select {
	case <-c.end:
	case <-time.After(patience):
		c.t.Error("a client does not end")
	}
}

// ended waits for the client to end by itself and gives its log.
func (c *client) ended() string {
	c.t.Helper()
	select {
	case <-c.end:
	case <-time.After(patience):
		c.t.Errorf("the client goes on:\n%s", c.said())
	}
	return c.said()
}

func (c *client) said() string {
	b, _ := os.ReadFile(c.log)
	return string(b)
}

// until takes the worker's events up to one that fits.
func until[E ovpn.Event](l *lab, fits func(E) bool) E {
	l.t.Helper()
	last := time.After(patience)
	for {
		select {
		case e, open := <-l.conn.Events():
			if !open {
				// Say how, if it was the worker that ended: the connection hears of it first.
				ctx, cancel := context.WithTimeout(l.t.Context(), time.Second)
				defer cancel()
				_, _ = l.proc.Wait(ctx)
				l.t.Fatalf("the management connection ended: %v; the worker %v", l.conn.Err(), l.proc.Exit())
			}
			if e, ok := e.(E); ok && fits(e) {
				return e
			}
		case <-last:
			var want E
			l.t.Fatalf("no %T that fits within %v", want, patience)
		}
	}
}

func whatever[E ovpn.Event](E) bool { return true }

// ping sends through the tunnel, from the client's host to the gateway. The worker calls a
// client established before the client has its device up: the first attempts may find no route.
func (l *lab) ping() {
	l.t.Helper()
	args := l.there("ping", "-c", "1", "-W", "1", gateway.String())
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for last := time.After(patience); ; {
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-last:
			l.t.Fatalf("nothing passes the tunnel: %v\n%s", err, out)
		}
	}
}
