package ovpn

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestEncodeRefuses(t *testing.T) {
	for name, l := range map[string]string{
		"newline": "hold\nsignal SIGTERM", "return": "a\rb", "NUL": "a\x00b", "DEL": "a\x7fb", "C1": "a\u0085b",
		"no UTF-8": "a\xffb", "256 bytes": strings.Repeat("a", 256),
	} {
		if b, err := encodeLines([]string{"fine", l}); err == nil {
			t.Errorf("%s: encoded %q", name, b)
		}
	}
	if b, err := encodeLines([]string{strings.Repeat("a", 255), "ü"}); err != nil || len(b) != 259 {
		t.Errorf("255 bytes: got %d (%v)", len(b), err)
	}
}

func TestDirectives(t *testing.T) {
	p := netip.MustParsePrefix
	a := netip.MustParseAddr
	cases := []struct {
		d    Directive
		want string // empty: refused
	}{
		{IfconfigPush(a("10.77.9.9"), p("10.77.0.0/16")), "ifconfig-push 10.77.9.9 255.255.0.0"},
		{IfconfigPush(a("10.78.9.9"), p("10.77.0.0/16")), ""},
		{IfconfigPush(a("::1"), p("::/0")), ""},
		{IfconfigPush(netip.Addr{}, netip.Prefix{}), ""},
		{PushRoute(p("10.98.0.0/16")), `push "route 10.98.0.0 255.255.0.0"`},
		{PushRoute(p("192.0.2.7/32")), `push "route 192.0.2.7 255.255.255.255"`},
		{PushRoute(p("0.0.0.0/0")), `push "route 0.0.0.0 0.0.0.0"`},
		{PushRoute(p("10.98.0.1/16")), ""},
		{PushRoute(p("2001:db8::/32")), ""},
		{PushRoute(netip.Prefix{}), ""},
		{PushRedirectGateway(), `push "redirect-gateway def1"`},
		{PushRedirectAll(), `push "redirect-gateway def1 ipv6"`},
		{PushBlockIPv6(), `push "block-ipv6"`},
		{PushIfconfigIPv6(p("fd12::a14:2/64"), a("fd12::1")), `push "ifconfig-ipv6 fd12::a14:2/64 fd12::1"`},
		{PushIfconfigIPv6(p("fd12::1/64"), a("fd12::1")), ""},
		{PushIfconfigIPv6(p("fd12::2/64"), a("fd13::1")), ""},
		{PushIfconfigIPv6(p("10.77.0.2/16"), a("10.77.0.1")), ""},
		{PushIfconfigIPv6(netip.Prefix{}, netip.Addr{}), ""},
		{PushDNS(a("10.77.0.1")), `push "dhcp-option DNS 10.77.0.1"`},
		{PushDNS(a("2001:db8::1")), ""},
		{PushDNS(netip.Addr{}), ""},
		{PushBlockOutsideDNS(), `push "block-outside-dns"`},
		{PushAuthTokenUser("session-0123"), `push "auth-token-user c2Vzc2lvbi0wMTIz"`},
		{PushAuthTokenUser(""), ""},
		{PushAuthTokenUser(strings.Repeat("x", 129)), ""},
		{PushSessionTimeout(8 * time.Hour), `push "session-timeout 28800"`},
		{PushSessionTimeout(0), ""},
		{Directive{}, ""},
	}
	for i, c := range cases {
		got, err := directiveLines([]Directive{c.d})
		if (err == nil) != (c.want != "") || err == nil && got[0] != c.want {
			t.Errorf("case %d: got %q (%v), want %q", i, got, err, c.want)
		}
	}
}

// shown returns what a client shows of a banner: OpenVPN's lexer removes the quotes, the client's
// interface unescapes and joins the pieces.
func shown(t *testing.T, ds []Directive) (text, title string) {
	t.Helper()
	ls, err := directiveLines(ds)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := encodeLines(ls); err != nil {
		t.Fatal(err)
	}
	for _, l := range ls {
		body, ok := strings.CutPrefix(l, `push "echo '`)
		body, ok2 := strings.CutSuffix(body, `'"`)
		if !ok || !ok2 || strings.ContainsAny(body, `'"\,#;`) {
			t.Fatalf("line %q would not survive OpenVPN's lexer", l)
		}
		word, rest, _ := strings.Cut(body, " ")
		if len(rest) > maxBannerPiece || !utf8.ValidString(rest) {
			t.Errorf("piece of %d bytes, valid %v", len(rest), utf8.ValidString(rest))
		}
		plain, err := url.PathUnescape(rest)
		if err != nil || !utf8.ValidString(plain) {
			t.Fatalf("piece %q is cut inside an escape or a rune: %v", rest, err)
		}
		switch word {
		case "msg-n":
			text += plain
		case "msg":
			text += plain + "\n"
		case "msg-window":
			title = plain
		}
	}
	return text, title
}

func TestBannerArrivesWhole(t *testing.T) {
	for name, text := range map[string]string{
		"short": "Hello.", "lines": "one\n\n  three  \r\nfour\n", "syntax": `a,b#c;d%41"e"'f'\n100%` + "\t$(x)`y`",
		"long": strings.Repeat("Grüße, 世界! ", 110), "escapes at every edge": strings.Repeat(",", 1400), "edges": strings.Repeat("x", 229) + "ü" + strings.Repeat("%", 77),
	} {
		got, title := shown(t, PushBanner("Welcome, all", text))
		if want := strings.ReplaceAll(text, "\r\n", "\n"); got != want || title != "Welcome, all" {
			t.Errorf("%s: got %q under %q, want %q", name, got, title, want)
		}
	}
	if PushBanner("x", "") != nil {
		t.Error("an empty banner is shown")
	}
	if _, err := directiveLines(PushBanner(strings.Repeat("x", 300), "x")); err == nil {
		t.Error("a title that does not fit is sent")
	}
}

func TestSentenceFits(t *testing.T) {
	for _, s := range []string{"short", strings.Repeat(`"\`, 200), strings.Repeat("ü", 200), "a\nb\x00", "\xff"} {
		got := fitSentence(s, 100)
		if q := quoteParameter(got); len(q) > 100 {
			t.Errorf("%q: %d bytes once quoted", s, len(q))
		} else if _, err := encodeLines([]string{q}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if got := fitSentence("Your session has ended.", 100); got != "Your session has ended." {
		t.Errorf("a sentence that fits was changed to %q", got)
	}
}

func TestParseStatus(t *testing.T) {
	const header = "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received\tBytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient ID\tPeer ID\tData Channel Cipher"
	s, err := parseStatus([]string{"TITLE\tOpenVPN", "TIME\t2026-11-20 17:43:12\t1795196592", header,
		"CLIENT_LIST\talice\t192.0.2.2:59557\t10.77.0.5\t\t2423\t2389\t2026-11-20 17:43:07\t1795196587\tUNDEF\t1\t0\tAES-256-GCM",
		"CLIENT_LIST\tUNDEF\t192.0.2.3:5\t\t\t1\t2\t2026-11-20 17:43:07\t1795196587\tUNDEF\t7\t1\tBF-CBC",
		"GLOBAL_STATS\tdco_enabled\t0", "END"})
	if err != nil {
		t.Fatal(err)
	}
	want := []StatusClient{
		{CID: 1, CommonName: "alice", Username: "UNDEF", Peer: netip.MustParseAddrPort("192.0.2.2:59557"), Addr: netip.MustParseAddr("10.77.0.5"), In: 2423, Out: 2389, Since: time.Unix(1795196587, 0)},
		{CID: 7, CommonName: "UNDEF", Username: "UNDEF", Peer: netip.MustParseAddrPort("192.0.2.3:5"), In: 1, Out: 2, Since: time.Unix(1795196587, 0)},
	}
	if s.At.Unix() != 1795196592 || len(s.Clients) != 2 || s.Clients[0] != want[0] || s.Clients[1] != want[1] {
		t.Errorf("got %+v, want %+v", s, want)
	}
	for name, bad := range map[string][]string{
		"no list": {"END"}, "no header": {"CLIENT_LIST\tx", "END"}, "a column short": {header, "CLIENT_LIST\talice", "END"},
		"no CID": {header, "CLIENT_LIST" + strings.Repeat("\tx", 12), "END"},
	} {
		if _, err := parseStatus(bad); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
