package saml

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// site is a web server with a document, and what reads it.
func site(t *testing.T, serve http.HandlerFunc) (Fetcher, string) {
	t.Helper()
	s := httptest.NewTLSServer(serve)
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return Fetcher{Private: true, Roots: roots, Timeout: 5 * time.Second}, s.URL
}

func wantUnreadable(t *testing.T, f Fetcher, address, sentence string) {
	t.Helper()
	begun := time.Now()
	b, err := f.Fetch(t.Context(), address)
	if err == nil || !strings.Contains(err.Error(), sentence) || vpn.KindOf(err) != vpn.Unavailable {
		t.Errorf("%s: got %d bytes, %v; want %q", address, len(b), err, sentence)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("%s: took %s", address, took)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	var saw http.Header
	f, at := site(t, func(w http.ResponseWriter, r *http.Request) {
		saw = r.Header
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/metadata?x=1", http.StatusFound)
		case "/metadata":
			_, _ = w.Write([]byte("<doc/>"))
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/empty":
		default:
			http.NotFound(w, r)
		}
	})
	for _, path := range []string{"/metadata", "/moved"} {
		b, err := f.Fetch(t.Context(), at+path)
		if err != nil || string(b) != "<doc/>" {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	if saw.Get("Cookie") != "" || saw.Get("Accept-Encoding") != "" {
		t.Errorf("the server saw %v", saw)
	}
	wantUnreadable(t, f, at+"/nothing", "answers with status 404")
	wantUnreadable(t, f, at+"/empty", "empty document")
	wantUnreadable(t, f, at+"/round", "redirects again and again")
}

// A redirect to another host, port or scheme is not followed, wherever it leads.
func TestFetchStaysOnItsHost(t *testing.T) {
	t.Parallel()
	var elsewhere int
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	t.Cleanup(other.Close)
	f, at := site(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	for _, to := range []string{other.URL, "https://idp.example.com/metadata", "http://" + strings.TrimPrefix(at, "https://"), "https://user:pass@" + strings.TrimPrefix(at, "https://")} {
		wantUnreadable(t, f, at+"/?to="+url.QueryEscape(to), "which is not followed")
	}
	if elsewhere != 0 {
		t.Error("another host was asked")
	}
}

func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	over, cut := make(chan struct{}), make(chan bool, 1)
	f, at := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/declared":
			w.Header().Set("Content-Length", "10485760")
			_, _ = w.Write(make([]byte, 1<<16))
		case "/large": // of unknown length
			for range 160 {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					cut <- true
					return
				}
			}
			cut <- false
		case "/slow":
			_, _ = w.Write([]byte("<doc>"))
			_ = http.NewResponseController(w).Flush()
			<-over
		}
	})
	t.Cleanup(func() { close(over) }) // before the server is closed, which waits for its handlers
	wantUnreadable(t, f, at+"/declared", "longer than 512 KB")
	wantUnreadable(t, f, at+"/large", "longer than 512 KB")
	if !<-cut {
		t.Error("all 10 MB were read")
	}
	f.Timeout = 200 * time.Millisecond
	wantUnreadable(t, f, at+"/slow", "did not send the whole document within 200ms")
}

// An address is judged after the name was looked up, so a public name that leads inside is refused before a connection.
func TestFetchRefusesPrivateAddresses(t *testing.T) {
	t.Parallel()
	asked := 0
	f, at := site(t, func(http.ResponseWriter, *http.Request) { asked++ })
	f.Private = false
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(at, "https://"))
	f.resolver = answering(t, netip.MustParseAddr("127.0.0.1"))
	wantUnreadable(t, f, "https://idp.example.com:"+port+"/metadata", "is at 127.0.0.1, which is not a public address")
	wantUnreadable(t, f, at, "which is not a public address")
	f.Private, f.resolver = true, answering(t, netip.MustParseAddr("169.254.169.254"))
	wantUnreadable(t, f, "https://idp.example.com/metadata", "which no document is read from")
	if asked != 0 {
		t.Error("a private address was connected to")
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "64:ff9b::808:808": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false,
		"198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "::1": false, "::": false, "fe80::1": false, "fd00::1": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "2002:7f00:1::1": false, "::7f00:1": false, "2001:db8::1": false, "ff02::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
	for _, text := range []string{"169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "0.0.0.0", "fd00:ec2::254"} {
		if !isNeverAllowed(netip.MustParseAddr(text)) {
			t.Errorf("%s may be allowed", text)
		}
	}
	if err := (Fetcher{}).checkAddress("tcp6", "[::ffff:10.0.0.1]:443", nil); err == nil {
		t.Error("an IPv4 address in the form of IPv6 is taken")
	}
}

func TestFetchRefusesURLs(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"": "is not a URL", "ftp://a/b": "is not a URL", "file:///etc/passwd": "is not a URL", "https://": "is not a URL", "http://idp.example.com/metadata": "write https://",
		"https://user:secret@idp.example.com/": "without a user name", "https://-/x": "not the name of a host", "http://localhost/metadata": "read without TLS",
	} {
		_, err := Fetcher{}.Fetch(t.Context(), address)
		if err == nil || vpn.KindOf(err) != vpn.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestFetchExplainsTLS(t *testing.T) {
	t.Parallel()
	f, at := site(t, func(http.ResponseWriter, *http.Request) {})
	f.Roots = x509.NewCertPool()
	wantUnreadable(t, f, at, "its authority is unknown")
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	wantUnreadable(t, f, "https://"+strings.TrimPrefix(plain.URL, "http://"), "cannot be read")
	f.resolver = answering(t, netip.Addr{})
	wantUnreadable(t, f, "https://idp.example.com/", "cannot be looked up")
}

// answering is a name server that gives every name one address; an invalid one: that there is no such name.
func answering(t *testing.T, addr netip.Addr) *net.Resolver {
	t.Helper()
	server, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(dnsAnswer(b[:n], addr), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// dnsAnswer is the answer to a question of one name (RFC 1035, section 4).
func dnsAnswer(question []byte, addr netip.Addr) []byte {
	const header, typeA = 12, 1
	end := header
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the root, type and class
	out := append([]byte{}, question[:end]...)
	out[2], out[3] = 0x81, 0x80
	copy(out[6:header], []byte{0, 0, 0, 0, 0, 0})
	switch kind := binary.BigEndian.Uint16(question[end-4:]); {
	case !addr.IsValid():
		out[3] |= 3 // no such name
	case kind == typeA:
		out[7] = 1
		out = append(out, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4)
		out = append(out, addr.AsSlice()...)
	}
	return out
}
