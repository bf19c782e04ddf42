package ovpn_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// The whole life of one worker with real clients. Each step depends on the one before.
func TestWorkerWithRealClients(t *testing.T) {
	l := newLab(t, nil)
	t.Run("it has no privileges", func(t *testing.T) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.proc.Identity().PID))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", fmt.Sprintf("Uid:\t%d\t", supervise.FirstUID+workerSlot)} {
			if !strings.Contains(string(status), want) {
				t.Errorf("status has no %q:\n%s", want, status)
			}
		}
	})

	refusals(t, l)

	alice := l.ca.Issue(t, "alice", x509.ExtKeyUsageClientAuth, -time.Hour, time.Hour)
	c := l.connect(alice)
	first := until(l, anyEvent[ovpn.Connect])
	if e := first.Env; e.CommonName() != "alice" || e.SessionState() != ovpn.SessionInitial || e.Untrusted().Addr() != netip.MustParseAddr("192.0.2.2") || e.DaemonPID() != l.proc.Identity().PID {
		t.Errorf("connect: name %q, state %q, from %v, of process %d", e.CommonName(), e.SessionState(), e.Untrusted(), e.DaemonPID())
	}
	l.authorize(first, "10.77.3.4")
	if a := until(l, anyEvent[ovpn.Address]); a.Addr != netip.MustParseAddr("10.77.3.4") || a.CID != first.CID {
		t.Errorf("address: got %+v", a)
	}
	until(l, func(e ovpn.Established) bool { return e.CID == first.CID })
	l.ping()
	for _, want := range []string{"route 198.51.100.0 255.255.255.0", "dhcp-option DNS 10.77.0.1", "auth-token-user", "ifconfig 10.77.3.4 255.255.0.0"} {
		if !strings.Contains(c.Log(), want) {
			t.Errorf("the client was not pushed %q", want)
		}
	}

	// A second Dial gets no greeting while the first one is connected.
	if _, err := ovpn.Dial(t.Context(), l.config.Management); !errors.Is(err, ovpn.ErrHeld) {
		t.Errorf("a second management client: got %v, want ErrHeld", err)
	}

	// After a crash of the dataplane the next one adopts the worker; the tunnel continues meanwhile.
	id := l.proc.Identity()
	_ = l.conn.Close()
	l.proc.Release()
	l.ping()
	adopted, err := supervise.Adopt(id)
	if err != nil {
		t.Fatal(err)
	}
	l.proc = adopted
	holdSocketWithoutReading(l)
	l.dial()
	if pid, err := l.conn.Pid(t.Context()); err != nil || pid != id.PID {
		t.Errorf("pid of the adopted worker: got %d (%v), want %d", pid, err, id.PID)
	}
	// It is not on hold any more; releasing again has no effect.
	if err := l.conn.HoldRelease(t.Context()); err != nil {
		t.Error(err)
	}
	s, err := l.conn.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Clients) != 1 || s.Clients[0].CID != first.CID || s.Clients[0].Addr != netip.MustParseAddr("10.77.3.4") || s.Clients[0].CommonName != "alice" || s.Clients[0].In == 0 {
		t.Errorf("clients of the adopted worker: got %+v", s.Clients)
	}

	// RESTART: the client returns in the same session, even without a user name.
	if err := l.conn.Kill(t.Context(), first.CID, ovpn.Restart("New routes", true)); err != nil {
		t.Fatal(err)
	}
	again := until(l, anyEvent[ovpn.Connect])
	if e := again.Env; again.CID == first.CID || e.SessionState() != ovpn.SessionAuthenticatedEmptyUser || e.SessionID() != first.Env.SessionID() || !e.OffersToken() || e.Username() != "" || e.CommonName() != "alice" {
		t.Errorf("back with CID %d, state %q, session %q, user %q; first with %d and %q", again.CID, e.SessionState(), e.SessionID(), e.Username(), first.CID, first.Env.SessionID())
	}
	l.authorize(again, "10.77.3.5")
	until(l, func(e ovpn.Established) bool { return e.CID == again.CID })
	if d := until(l, func(d ovpn.Disconnect) bool { return d.CID == first.CID }); d.Env.Address() != netip.MustParseAddr("10.77.3.4") {
		t.Errorf("the old connection ended with address %v", d.Env.Address())
	}
	l.ping()

	// HALT: the client's program ends.
	if err := l.conn.Kill(t.Context(), again.CID, ovpn.Halt("Ended by an administrator.")); err != nil {
		t.Fatal(err)
	}
	if log := c.ended(); !strings.Contains(log, "Ended by an administrator.") {
		t.Errorf("the client did not get the reason:\n%s", log)
	}
	until(l, func(d ovpn.Disconnect) bool { return d.CID == again.CID })
	if err := l.conn.Kill(t.Context(), again.CID, ovpn.Halt("x")); !errors.Is(err, ovpn.ErrNoClient) {
		t.Errorf("kill of a client that has ended: got %v, want ErrNoClient", err)
	}

	t.Run("it reports the key identifiers of authorities that only the client sends", func(t *testing.T) {
		between := l.ca.Authority(t, "Between CA")
		dora := between.Issue(t, "dora", x509.ExtKeyUsageClientAuth, -time.Hour, time.Hour)
		dora.Certificate += between.Certificate
		x := l.connect(dora)
		defer x.Kill()
		chain := until(l, anyEvent[ovpn.Connect]).Env.Chain()
		if len(chain) != 2 || chain[0].KeyID != between.KeyID() || chain[1].KeyID != l.ca.KeyID() || chain[0].KeyID == chain[1].KeyID {
			t.Errorf("got %+v, want the key identifiers %s and %s", chain, between.KeyID(), l.ca.KeyID())
		}
	})

	if err := l.proc.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := l.proc.Exit(); !e.Known || e.Code != 0 || e.Signal != 0 {
		t.Errorf("the worker %v, want status 0", e)
	}
	log := l.log()
	for _, bad := range []string{"Options error", "SESS_ID_AT_", "PRIVATE KEY"} {
		if strings.Contains(log, bad) {
			t.Errorf("the worker's log has %q", bad)
		}
	}
}

func (l *lab) authorize(c ovpn.Connect, addr string) {
	l.t.Helper()
	ds := append([]ovpn.Directive{
		ovpn.IfconfigPush(netip.MustParseAddr(addr), clientRange),
		ovpn.PushRoute(netip.MustParsePrefix("198.51.100.0/24")),
		ovpn.PushDNS(gateway),
		ovpn.PushSessionTimeout(24 * time.Hour),
	}, ovpn.PushBanner("Welcome", strings.Repeat("Be good, it's a \"rule\"; 100% #1. ", 40))...)
	if c.Env.Username() == "" {
		ds = append(ds, ovpn.PushAuthTokenUser("session-0123456789abcdef"))
	}
	if err := l.conn.Authorize(l.t.Context(), c.CID, c.KID, ds); err != nil {
		l.t.Fatal(err)
	}
}

func refusals(t *testing.T, l *lab) {
	other := testpki.Authority(t, "Other CA")
	namesake := testpki.Authority(t, "Lab CA")
	const forClients, hour, day = x509.ExtKeyUsageClientAuth, time.Hour, 24 * time.Hour
	user := "<auth-user-pass>\ndave\nsecret\n</auth-user-pass>"
	for _, c := range []struct {
		name   string
		client testpki.Credential
		extra  string
		code   vpn.Code
		says   string
	}{
		{"another CA", other.Issue(t, "mallory", forClients, -hour, hour), "", vpn.CodeCertificateUntrusted,
			"The client certificate CN=mallory was issued by a CA that this endpoint does not trust."},
		{"a CA of the same name", namesake.Issue(t, "trudy", forClients, -hour, hour), "", vpn.CodeCertificateUntrusted,
			"The client certificate CN=trudy was issued by a CA that this endpoint does not trust."},
		{"expired", l.ca.Issue(t, "bob", forClients, -day, -hour), "", vpn.CodeCertificateExpired, "The client certificate CN=bob has expired."},
		{"not valid yet", l.ca.Issue(t, "eve", forClients, hour, day), "", vpn.CodeCertificateNotYetValid, "The client certificate CN=eve is not valid yet"},
		{"a server's", l.ca.Issue(t, "www", x509.ExtKeyUsageServerAuth, -hour, hour), "", vpn.CodeCertificateUsage, "The client certificate CN=www is not meant for clients"},
		{"none", testpki.Credential{}, user, vpn.CodeCertificateMissing, "The client presented no certificate"},
	} {
		t.Run("it refuses "+c.name, func(t *testing.T) {
			x := l.connect(c.client, c.extra)
			defer x.Kill()
			r := until(l, func(r ovpn.TLSRefused) bool { return r.Code == c.code })
			if !strings.HasPrefix(r.Message, c.says) || r.Peer.Addr() != netip.MustParseAddr("192.0.2.2") {
				t.Errorf("got %q from %v, want %q", r.Message, r.Peer, c.says)
			}
		})
	}
}

// holdSocketWithoutReading connects to the management socket, sends more commands than the socket buffers
// hold and reads no reply: the tunnel must continue. (A Conn always reads; this is the case of a fault.)
func holdSocketWithoutReading(l *lab) {
	l.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(l.t.Context(), "unix", l.config.Management)
	if err != nil {
		l.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(3 * time.Second))
	_, err = conn.Write([]byte("log on\nstate on\nbytecount 1\n" + strings.Repeat("status 3\n", 100_000)))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		l.t.Fatalf("the worker took 100,000 commands without reading a reply: %v", err)
	}
	l.ping()
}

// Without certificates, on every address, over both transports, the decision on a login is ours alone.
func TestPasswordsOnEveryAddress(t *testing.T) {
	for _, transport := range []vpn.Transport{vpn.UDP, vpn.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			l := newLab(t, func(c *ovpn.Config) {
				c.Transport, c.ClientCertificates, c.Passwords = transport, false, true
				c.Listen = netip.MustParseAddrPort("0.0.0.0:1202")
			})
			real := l.config.Keys.TLSCrypt
			l.config.Keys.TLSCrypt = testpki.EndpointKeys(t, l.ca).TLSCrypt
			unknown := l.connect(testpki.Credential{}, "<auth-user-pass>\nx\nx\n</auth-user-pass>")
			l.config.Keys.TLSCrypt = real
			if r := until(l, anyEvent[ovpn.TLSRefused]); r.Code != vpn.CodeSharedKeyMismatch || r.Peer.Addr() != netip.MustParseAddr("192.0.2.2") {
				t.Errorf("a client with another tls-crypt key: got %+v", r)
			}
			unknown.Kill()

			const user = "<auth-user-pass>\ndave\nsecret\n</auth-user-pass>"
			denied := l.connect(testpki.Credential{}, user)
			e := until(l, anyEvent[ovpn.Connect])
			if e.Env.Username() != "dave" || e.Env.Password().Reveal() != "secret" {
				t.Errorf("got user %q", e.Env.Username())
			}
			if err := l.conn.Deny(t.Context(), e.CID, e.KID, "test", `Not on "Fridays", dave.`); err != nil {
				t.Fatal(err)
			}
			if log := denied.ended(); !strings.Contains(log, `AUTH_FAILED,Not on "Fridays", dave.`) {
				t.Errorf("the client did not get the reason:\n%s", log)
			}

			c := l.connect(testpki.Credential{}, user, "setenv IV_SSO webauth")
			e = until(l, anyEvent[ovpn.Connect])
			if !slices.Contains(e.Env.SSO(), "webauth") {
				t.Error("the client's login method did not arrive")
			}
			if err := l.conn.PendingAuth(t.Context(), e.CID, e.KID, "WEB_AUTH::https://vpn.example.com/a/0123456789abcdefghijkl", 2*time.Minute); err != nil {
				t.Fatal(err)
			}
			s, err := l.conn.Status(t.Context())
			if err != nil || len(s.Clients) == 0 {
				t.Errorf("status while a login is pending: %+v (%v)", s, err)
			}
			for _, k := range s.Clients {
				if k.Addr.IsValid() {
					t.Errorf("a pending login has an address: %+v", k)
				}
			}
			l.authorize(e, "10.77.9.9")
			until(l, func(x ovpn.Established) bool { return x.CID == e.CID })
			l.ping()
			if !strings.Contains(c.Log(), "WEB_AUTH::https://vpn.example.com/a/0123456789abcdefghijkl") {
				t.Error("the client was not asked to log in")
			}
			// With a user name the token binds it.
			if err := l.conn.Kill(t.Context(), e.CID, ovpn.Restart("x", true)); err != nil {
				t.Fatal(err)
			}
			again := until(l, anyEvent[ovpn.Connect])
			if got := again.Env; got.SessionState() != ovpn.SessionAuthenticated || got.SessionID() != e.Env.SessionID() || got.Username() != "dave" {
				t.Errorf("back with state %q, session %q, user %q", got.SessionState(), got.SessionID(), got.Username())
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			if err := l.proc.Stop(ctx); err != nil {
				t.Fatal(err)
			}
		})
	}
}
