package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"sallyport/config"
	"sallyport/vpn"
	"sallyport/web"
)

// A default port that is taken stops nothing; one that was chosen does, by its setting.
func TestPublicPortThatIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := netip.MustParseAddrPort(taken.Addr().String())
	byDefault := config.Public{Listen: at, ByDefault: true}
	if l, err := listenPublic(t.Context(), &byDefault); l != nil || err != nil || !strings.Contains(byDefault.Off, "set public_listen") || !strings.Contains(byDefault.Off, "address already in use") {
		t.Errorf("by default: %v, %v, off %q", l, err, byDefault.Off)
	}
	chosen := config.Public{Listen: at}
	if l, err := listenPublic(t.Context(), &chosen); l != nil || err == nil || !strings.HasPrefix(err.Error(), "public_listen, where the public pages are served: ") {
		t.Errorf("chosen: %v, %v", l, err)
	}
	off := config.Public{Listen: at, Off: "Not here."}
	if l, err := listenPublic(t.Context(), &off); l != nil || err != nil {
		t.Errorf("off: %v, %v", l, err)
	}
}

// Endpoints get the port of neither listener; that of public pages which are not served is free.
func TestPortsOfTheListenersAreReserved(t *testing.T) {
	t.Parallel()
	reserved := func(args ...string) (out []vpn.Reservation, url string) {
		t.Helper()
		cfg, _, err := config.Load(args, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := deploymentSettings(cfg)
		if (s.PublicURL == "") == (s.PublicOff == "") {
			t.Errorf("%v: URL %q, off %q", args, s.PublicURL, s.PublicOff)
		}
		return s.Reserved, s.PublicURL
	}
	got, url := reserved("--public-listen=0.0.0.0:443", "--public-url=https://portal.example.com")
	want := vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.TCP, Port: 443}
	if len(got) != 2 || got[0].Owner != "the console" || got[1].Owner != "the public pages" || got[1].Listen != want || url != "https://portal.example.com" {
		t.Errorf("got %+v, %q", got, url)
	}
	if got, url := reserved("--public-listen=0.0.0.0:443"); len(got) != 1 || url != "" {
		t.Errorf("not served: %+v, %q", got, url)
	}
	if got, url := reserved(); len(got) != 2 || got[1].Listen.Port != 8444 || url != "https://localhost:8444" {
		t.Errorf("by default: %+v, %q", got, url)
	}
}

// A listener that fails ends the other: the process is started again rather than left with one door.
func TestListenersEndTogether(t *testing.T) {
	t.Parallel()
	open := func() net.Listener {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	broken, other := open(), open()
	_ = broken.Close()
	list := []listener{{Listener: broken, handler: http.NotFoundHandler(), limits: web.PublicLimits}, {Listener: other, handler: http.NotFoundHandler(), limits: web.ConsoleLimits}}
	if err := serveAll(t.Context(), list, nil, slog.New(slog.DiscardHandler)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if conn, err := net.Dial("tcp4", other.Addr().String()); err == nil {
		conn.Close()
		t.Error("the other listener is open")
	}
}

// The self-signed certificate of the public pages is for the host of their address first.
func TestPublicHosts(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"": "localhost 127.0.0.1", "--public-listen=:8444 --public-url=https://portal.example.com:8444": "portal.example.com",
		"--public-listen=127.0.0.1:8444 --public-url=https://portal.example.com": "portal.example.com localhost 127.0.0.1",
	} {
		cfg, _, err := config.Load(strings.Fields(args), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(publicHosts(cfg), " "); got != want {
			t.Errorf("%q: got %s, want %s", args, got, want)
		}
	}
}
