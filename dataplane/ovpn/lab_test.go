package ovpn_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

const (
	workerSlot = 250
	timeout    = 30 * time.Second
)

var (
	clientRange = netip.MustParsePrefix("10.77.0.0/16")
	gateway     = netip.MustParseAddr("10.77.0.1")
	device      = "spt0"
)

// lab is one worker in the sandbox and a network with one client host.
type lab struct {
	t      *testing.T
	ca     testpki.Credential
	config ovpn.Config
	proc   *supervise.Process
	conn   *ovpn.Conn
	host   *netlab.Namespace // the client's host
}

// newLab starts a worker as the dataplane does.
func newLab(t *testing.T, change func(*ovpn.Config)) *lab {
	t.Helper()
	netlab.NeedSandbox(t, "openvpn", "ip")
	l := &lab{t: t, ca: testpki.Authority(t, "Lab CA"), host: netlab.New(t, "client")}
	netlab.Connect(t, netlab.Here(), "up0", "192.0.2.1/24", l.host, "eth0", "192.0.2.2/24")

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
	netlab.Here().IP(t, "tuntap", "add", "dev", device, "mode", "tun", "user", fmt.Sprint(uid), "group", fmt.Sprint(uid))
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", device).Run() })
	netlab.Here().IP(t, "addr", "add", gateway.String()+"/16", "dev", device)
	netlab.Here().IP(t, "link", "set", device, "up")

	l.config = ovpn.Config{
		Device: device, DevNode: node, Gateway: gateway, ClientCIDR: clientRange, Transport: vpn.UDP,
		Listen:     netip.MustParseAddrPort("192.0.2.1:1201"),
		Management: filepath.Join(dir, "m.sock"), ClientCertificates: true,
		Keys: testpki.EndpointKeys(t, l.ca), MaxClients: 100,
	}
	if change != nil {
		change(&l.config)
	}
	input, err := l.config.Render()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := exec.LookPath("openvpn")
	if err != nil {
		t.Fatal(err)
	}
	l.proc, err = supervise.Start(supervise.Spec{
		Binary: binary, Args: []string{"--config", "stdin"}, Input: input,
		Dir: dir, UID: uid, GID: uid,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = l.proc.Kill()
		if t.Failed() {
			t.Logf("the worker's log:\n%s", l.log())
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

// log is the beginning of what the worker wrote.
func (l *lab) log() string { return string(l.proc.Log().Start(1 << 20)) }

// dial connects to the worker, and fails as soon as the worker ends.
func (l *lab) dial() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), timeout)
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

// client is a stock OpenVPN client on the client's host.
type client struct {
	*netlab.Client
	t *testing.T
}

// connect starts a client with a profile like those of the console; extra lines are added to it.
func (l *lab) connect(c testpki.Credential, extra ...string) *client {
	l.t.Helper()
	proto := "udp4"
	if l.config.Transport == vpn.TCP {
		proto = "tcp4-client"
	}
	profile := fmt.Sprintf("client\ndev tunc\ndev-type tun\nproto %s\nremote 192.0.2.1 %d\nnobind\nremote-cert-tls server\nverb 3\nconnect-retry 1 1\nscript-security 1\n", proto, l.config.Listen.Port())
	if l.config.Transport == vpn.UDP {
		profile += "explicit-exit-notify 1\n"
	}
	profile += testpki.Inline("ca", l.ca.Certificate) + testpki.Inline("tls-crypt", l.config.Keys.TLSCrypt.Reveal())
	if c.Certificate != "" {
		profile = c.AppendTo(profile)
	}
	return &client{Client: netlab.StartClient(l.t, l.host, profile+strings.Join(extra, "\n")+"\n"), t: l.t}
}

// ended waits for the client's program to end and returns its log.
func (c *client) ended() string {
	c.t.Helper()
	select {
	case <-c.Done():
	case <-time.After(timeout):
		c.t.Errorf("the client still runs:\n%s", c.Log())
	}
	return c.Log()
}

// until receives the worker's events up to one that fits.
func until[E ovpn.Event](l *lab, fits func(E) bool) E {
	l.t.Helper()
	last := time.After(timeout)
	for {
		select {
		case e, open := <-l.conn.Events():
			if !open {
				// The connection may end a moment before the worker: wait for its exit status.
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
			l.t.Fatalf("no %T that fits within %v", want, timeout)
		}
	}
}

func anyEvent[E ovpn.Event](E) bool { return true }

// ping sends through the tunnel, from the client's host to the gateway. The worker reports a client as
// established before the client's device is up: the first attempts may find no route.
func (l *lab) ping() {
	l.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for last := time.After(timeout); ; {
		out, err := l.host.Exec("ping", "-c", "1", "-W", "1", gateway.String()).CombinedOutput()
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
