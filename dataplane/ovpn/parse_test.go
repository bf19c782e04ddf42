package ovpn_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// transcript reads the recorded lines of a real OpenVPN 2.6.14.
func transcript(t testing.TB, name string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// events parses a transcript as Conn does.
func events(lines []string) (all []ovpn.Event, answers []string) {
	var p ovpn.Parser
	var r ovpn.Refusals
	for _, l := range lines {
		e, notification := p.Line(l)
		if !notification {
			answers = append(answers, l)
		}
		if e == nil {
			continue
		}
		all = append(all, e)
		if l, ok := e.(ovpn.Log); ok {
			if refused, ok := r.Log(l); ok {
				all = append(all, refused)
			}
			if left, ok := ovpn.ParseGoodbye(l.Text); ok {
				all = append(all, left)
			}
		}
	}
	return all, answers
}

func of[E ovpn.Event](all []ovpn.Event) []E {
	var out []E
	for _, e := range all {
		if e, ok := e.(E); ok {
			out = append(out, e)
		}
	}
	return out
}

func TestTranscriptOfATokenThatReturns(t *testing.T) {
	all, _ := events(transcript(t, "token_restart"))
	connects := of[ovpn.Connect](all)
	states := []ovpn.SessionState{ovpn.SessionInitial, ovpn.SessionAuthenticatedEmptyUser, ovpn.SessionAuthenticatedEmptyUser}
	if len(connects) != len(states) {
		t.Fatalf("connects: got %d, want %d", len(connects), len(states))
	}
	for i, c := range connects {
		if c.CID != ovpn.CID(9+i) || c.KID != 1 {
			t.Errorf("connect %d: got CID %d KID %d, want %d and 1", i, c.CID, c.KID, 9+i)
		}
		e := c.Env
		if got := e.SessionState(); got != states[i] || got.Authenticated() != (i > 0) || e.OffersToken() != (i > 0) {
			t.Errorf("connect %d: state %s, token %v, want %s", i, got, e.OffersToken(), states[i])
		}
		if e.SessionID() != "qEUrLMGI6nMbuWwD" || e.CommonName() != "alice" || e.Username() != "" {
			t.Errorf("connect %d: session %q of %q, user %q", i, e.SessionID(), e.CommonName(), e.Username())
		}
		if e.Serial() != "94376941562887042293345696740588134485418067814" || e.Digest() != "f101364d47e0d77c033b55546edb63174ce033e717487e25ee89da4e39307e50" {
			t.Errorf("connect %d: serial %s, digest %s", i, e.Serial(), e.Digest())
		}
		if e.Platform() != "linux" || e.Version() != "2.6.14" || e.DaemonPID() != 5641 || e.Untrusted().Addr() != netip.MustParseAddr("192.0.2.2") {
			t.Errorf("connect %d: platform %q version %q daemon %d peer %s", i, e.Platform(), e.Version(), e.DaemonPID(), e.Untrusted())
		}
	}
	// A killed client's Disconnect comes after the Connect of its return.
	at := func(match func(ovpn.Event) bool) int { return slices.IndexFunc(all, match) }
	again := at(func(e ovpn.Event) bool { c, ok := e.(ovpn.Connect); return ok && c.CID == 10 })
	gone := at(func(e ovpn.Event) bool { d, ok := e.(ovpn.Disconnect); return ok && d.CID == 9 })
	if again < 0 || gone < again {
		t.Errorf("order: connect of 10 at %d, disconnect of 9 at %d", again, gone)
	}
	if a := of[ovpn.Address](all); len(a) != 3 || a[0] != (ovpn.Address{CID: 9, Addr: netip.MustParseAddr("10.77.0.5"), Primary: true}) {
		t.Errorf("addresses: got %v", a)
	}
	if e := of[ovpn.Established](all); len(e) != 3 || e[0].Env.Address() != netip.MustParseAddr("10.77.0.5") {
		t.Errorf("established: got %v", e)
	}
	d := of[ovpn.Disconnect](all)
	if len(d) != 3 {
		t.Fatalf("disconnects: got %d, want 3", len(d))
	}
	if in, out, lasted := d[0].Env.Traffic(); in == 0 || out == 0 || lasted == 0 {
		t.Errorf("traffic: got %d, %d, %v, want all of them", in, out, lasted)
	}
}

func TestTranscriptOfRenegotiation(t *testing.T) {
	all, _ := events(transcript(t, "renegotiation"))
	if r := of[ovpn.Reauth](all); len(r) != 2 || r[0].CID != 1 || r[0].KID != 3 || r[1].KID != 4 {
		t.Errorf("reauths: got %v", r)
	}
	if r := of[ovpn.TLSRefused](all); len(r) != 1 || r[0].Code != vpn.CodeCertificateNotYetValid || r[0].Subject != "CN=x, serial=1: y" || r[0].Serial != "119" {
		t.Errorf("refusals: got %+v", r)
	}
	if n := of[ovpn.Notify](all); len(n) != 1 || n[0] != (ovpn.Notify{Severity: "info", Kind: "remote-exit", Text: "EXIT"}) {
		t.Errorf("notifications: got %v", n)
	}
	if h := of[ovpn.Hold](all); len(h) != 1 {
		t.Errorf("holds: got %v", h)
	}
	if b := of[ovpn.ByteCount](all); len(b) == 0 || b[0] != (ovpn.ByteCount{CID: 1, In: 2269, Out: 1994}) {
		t.Errorf("byte counts: got %v", b)
	}
	if s := of[ovpn.State](all); len(s) != 1 || s[0].Name != "CONNECTED" || s[0].Detail != "SUCCESS" || s[0].At.Unix() != 1795196582 {
		t.Errorf("states: got %v", s)
	}
	all, _ = events(transcript(t, "token_renegotiation"))
	if r := of[ovpn.Reauth](all); len(r) != 1 || r[0].Env.SessionState() != ovpn.SessionAuthenticatedEmptyUser {
		t.Errorf("reauth with a token: got %v", r)
	}
}

func TestTranscriptOfAPassword(t *testing.T) {
	all, _ := events(transcript(t, "password"))
	c := of[ovpn.Connect](all)
	if len(c) != 1 {
		t.Fatalf("connects: got %d, want 1", len(c))
	}
	e := c[0].Env
	if e.Username() != "dave" || e.Password().Reveal() != "secret" || e.OffersToken() || e.CommonName() != "" {
		t.Errorf("got user %q, token %v, name %q", e.Username(), e.OffersToken(), e.CommonName())
	}
	if !slices.Equal(e.SSO(), []string{"webauth", "crtext"}) || ovpn.NewEnv(nil).SSO() != nil {
		t.Error("login methods: want webauth and crtext, nothing else")
	}
	if r := of[ovpn.TLSRefused](all); len(r) != 1 || r[0].Code != vpn.CodePasswordMissing {
		t.Errorf("refusals: got %+v", r)
	}
}

func TestTranscriptOfRefusals(t *testing.T) {
	all, _ := events(transcript(t, "certificate_refusals"))
	want := []struct {
		code     vpn.Code
		sentence string
	}{
		{vpn.CodeCertificateUntrusted, "The client certificate CN=mallory was issued by a CA that this endpoint does not trust."},
		{vpn.CodeCertificateUntrusted, "The client certificate CN=mallory2 was issued by a CA that this endpoint does not trust."},
		{vpn.CodeCertificateExpired, "The client certificate CN=bob has expired."},
		{vpn.CodeCertificateUsage, "The client certificate CN=vpn.example.com is not meant for clients; a server's certificate is refused here."},
		{vpn.CodeCertificateUsage, "The client certificate is not meant for clients: its extended key usage lacks client authentication."},
		{vpn.CodeSharedKeyMismatch, "The packet was not made with this endpoint's shared key: the sender is no client of it, or has a configuration file that is out of date."},
		{vpn.CodeCertificateMissing, "The client presented no certificate, and this endpoint requires one."},
	}
	got := of[ovpn.TLSRefused](all)
	if len(got) != len(want) {
		t.Fatalf("refusals: got %d %+v, want %d", len(got), got, len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Code != w.code || g.Message != w.sentence || g.Peer.Addr() != netip.MustParseAddr("192.0.2.2") || g.Count != 1 || g.At.IsZero() {
			t.Errorf("refusal %d: got %+v, want %s: %s", i, g, w.code, w.sentence)
		}
	}
	if got[2].Serial != "94376941562887042293345696740588134485418067815" {
		t.Errorf("serial: got %q", got[2].Serial)
	}
}

// A certificate with a common name that OpenVPN does not accept is refused for that reason, and not
// because of its authority. The lines are recorded.
func TestRefusalsOfCommonNames(t *testing.T) {
	for subject, want := range map[string]string{
		"CN=" + strings.Repeat("c", 65):        "has a common name (CN) that is too long: OpenVPN accepts at most 64 bytes.",
		"O=Org, CN=" + strings.Repeat("c", 65): "has a common name (CN) that is too long: OpenVPN accepts at most 64 bytes.",
		"O=Org, emailAddress=anna@example.com": "has no common name (CN).",
		"":                                     "has no common name (CN).",
		"O=it's ('quoted') -- note that":       "has no common name (CN).",
		"CN=short but not UTF-8":               "has a common name (CN) that OpenVPN cannot read.",
		"UID=1 + CN=" + strings.Repeat("c", 65) + ", O=Org": "has a common name (CN) that is too long: OpenVPN accepts at most 64 bytes.",
	} {
		var p ovpn.Parser
		var r ovpn.Refusals
		var got []ovpn.TLSRefused
		for _, text := range []string{
			"VERIFY ERROR: could not extract CN from X509 subject string ('" + subject + "') -- note that the field length is limited to 64 characters",
			"OpenSSL: error:0A000086:SSL routines::certificate verify failed:", "TLS Error: TLS handshake failed",
		} {
			e, _ := p.Line(">LOG:1800000000,N,192.0.2.2:43800 " + text)
			if x, ok := r.Log(e.(ovpn.Log)); ok {
				got = append(got, x)
			}
		}
		code := vpn.CodeCommonNameInvalid
		switch {
		case strings.Contains(want, "has no"):
			code = vpn.CodeCommonNameMissing
		case strings.Contains(want, "too long"):
			code = vpn.CodeCommonNameTooLong
		}
		if len(got) != 1 || got[0].Code != code || got[0].Subject != subject || !strings.HasPrefix(got[0].Message, strings.TrimSpace("The client certificate "+subject)+" "+want) {
			t.Errorf("%q: got %+v, want %q", subject, got, want)
		}
	}
}

// A line of an unknown form is repeated and not interpreted. A serial number may be negative.
func TestRefusalsOfOtherForms(t *testing.T) {
	for line, want := range map[string]ovpn.TLSRefused{
		"VERIFY ERROR: depth=1, could not extract X509 subject string from certificate": {Message: "A certificate of the client was refused: depth=1, could not extract X509 subject string from certificate."},
		"VERIFY ERROR: something that is new":                                           {Message: "A certificate of the client was refused: something that is new."},
		"VERIFY ERROR: depth=0, error=certificate revoked: CN=x, serial=-12":            {Message: "The client certificate CN=x was refused: certificate revoked.", Subject: "CN=x", Serial: "-12"},
	} {
		var p ovpn.Parser
		var r ovpn.Refusals
		var got ovpn.TLSRefused
		for _, text := range []string{line, "TLS Error: TLS handshake failed"} {
			e, _ := p.Line(">LOG:1800000000,N,192.0.2.2:43800 " + text)
			if x, ok := r.Log(e.(ovpn.Log)); ok {
				got = x
			}
		}
		if got.Code != vpn.CodeCertificateRefused || got.Message != want.Message || got.Subject != want.Subject || got.Serial != want.Serial {
			t.Errorf("%s: got %+v", line, got)
		}
	}
}

func TestRefusalsOfWrongSharedKeysAreCounted(t *testing.T) {
	var p ovpn.Parser
	var r ovpn.Refusals
	var got []int
	for i := range 121 {
		e, _ := p.Line(fmt.Sprintf(">LOG:%d,N,TLS Error: tls-crypt unwrapping failed from [AF_INET]203.0.113.%d:999", 1_800_000_000+i, i%250))
		if x, ok := r.Log(e.(ovpn.Log)); ok {
			got = append(got, x.Count)
		}
	}
	if want := []int{1, 60, 60}; !slices.Equal(got, want) {
		t.Errorf("counts of 121 packets in 2 minutes: got %v, want %v", got, want)
	}
}

func TestParserDropsMalformedLines(t *testing.T) {
	cases := map[string]struct {
		lines string
		want  string
	}{
		"values without a block":      {">CLIENT:ENV,a=b\n>CLIENT:ENV,END", "[]"},
		"a block cut by another":      {">CLIENT:CONNECT,1,1\n>CLIENT:ENV,a=b\n>CLIENT:DISCONNECT,2\n>CLIENT:ENV,END", "[ovpn.Disconnect 2]"},
		"no number":                   {">CLIENT:CONNECT,x,1\n>CLIENT:ENV,END", "[]"},
		"no KID":                      {">CLIENT:REAUTH,1\n>CLIENT:ENV,END", "[]"},
		"too big a number":            {">CLIENT:ESTABLISHED,99999999999999999999\n>CLIENT:ENV,END", "[]"},
		"address that is a network":   {">CLIENT:ADDRESS,1,10.0.0.0/8,0", "[]"},
		"a word that we do not know":  {">CLIENT:MOVED,1\n>CLIENT:ENV,password=x\n>CLIENT:ENV,END", "[{CLIENT:MOVED}]"},
		"a notification without name": {">PASSWORD:Need 'Auth'", "[{PASSWORD}]"},
	}
	for name, c := range cases {
		all, _ := events(strings.Split(c.lines, "\n"))
		shown := []string{}
		for _, e := range all {
			if d, ok := e.(ovpn.Disconnect); ok {
				shown = append(shown, fmt.Sprintf("%T %d", e, d.CID))
				continue
			}
			shown = append(shown, fmt.Sprint(e))
		}
		if got := "[" + strings.Join(shown, " ") + "]"; got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// CR_RESPONSE as recorded in the protocol notes, and values that contain syntax.
func TestParserKeepsValuesWhole(t *testing.T) {
	all, _ := events([]string{
		">CLIENT:CR_RESPONSE,4,1,MTIzNDU2", `>CLIENT:ENV,password=p\w d=x,y"z`, ">CLIENT:ENV,username=al\"ice ü x",
		">CLIENT:ENV,username=second", ">CLIENT:ENV,untrusted_ip6=::ffff:192.0.2.9", ">CLIENT:ENV,untrusted_port=9", ">CLIENT:ENV,END",
	})
	if len(all) != 1 {
		t.Fatalf("got %v, want one event", all)
	}
	e := all[0].(ovpn.CRResponse)
	if e.CID != 4 || e.KID != 1 || e.Response.Reveal() != "MTIzNDU2" || e.Env.Username() != "al\"ice ü x" || e.Env.Password().Reveal() != `p\w d=x,y"z` {
		t.Errorf("got %d %d %q, user %q", e.CID, e.KID, e.Response, e.Env.Username())
	}
	if got, want := e.Env.Untrusted(), netip.MustParseAddrPort("192.0.2.9:9"); got != want {
		t.Errorf("peer: got %v, want %v", got, want)
	}
}

// The answer to a challenge is a line of text of a bounded length, or none.
func TestResponseIsText(t *testing.T) {
	for response, want := range map[string]string{
		"MTIzNDU2": "123456", "w7wgeA==": "ü x", base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 256))): strings.Repeat("x", 256),
		"": "", "MTIz NDU2": "", "MTIzNDU2=": "", "AAAA": "", "YQpi": "", "/w==": "", base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 259))): "",
	} {
		if got, ok := (ovpn.CRResponse{Response: vpn.Secret(response)}).Text(); got.Reveal() != want || ok != (want != "") {
			t.Errorf("%q is the text %q, %v, want %q", response, got.Reveal(), ok, want)
		}
	}
	all, _ := events([]string{">CLIENT:CR_RESPONSE,4,1,MTIzNDU2", ">CLIENT:ENV,END"})
	if shown := fmt.Sprintf("%v %+v %#v", all, all, all); strings.Contains(shown, "MTIz") {
		t.Errorf("the answer shows: %s", shown)
	}
}

func TestEnvShowsNoPassword(t *testing.T) {
	e := ovpn.Connect{CID: 1, KID: 1, Env: ovpn.NewEnv(map[string]string{"password": "hunter2"})}
	if e.Env.Password().Reveal() != "hunter2" {
		t.Fatal("the password is not there to be hidden")
	}
	j, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), e.Env.String(), string(j), e.Env.LogValue().String()} {
		if strings.Contains(s, "hunter2") {
			t.Errorf("a password shows: %s", s)
		}
	}
}

func FuzzParser(f *testing.F) {
	for _, name := range []string{"certificate_refusals", "password", "renegotiation", "token_renegotiation", "token_restart"} {
		f.Add(strings.Join(transcript(f, name), "\n"))
	}
	f.Add(">CLIENT:CR_RESPONSE,4,1,MTIzNDU2\n>CLIENT:ENV,END\n>CLIENT:CR_RESPONSE,4\n>CLIENT:CR_RESPONSE,4,1,\n>CLIENT:ENV,END\n>CLIENT:CR_RESPONSE,4,1,/w==,x\n>CLIENT:ENV,END")
	f.Add(">CLIENT:CONNECT,1,1\n>CLIENT:ENV,=\n>CLIENT:ENV,END\n>NOTIFY:\n>STATE:\n>LOG:,,x/1.2.3.4:5 VERIFY ERROR: depth=")
	f.Fuzz(func(t *testing.T, text string) {
		all, answers := events(strings.Split(text, "\n"))
		if n := strings.Count(text, "\n") + 1; len(all) > 2*n || len(answers) > n {
			t.Errorf("%d events and %d answers from %d lines", len(all), len(answers), n)
		}
		for _, e := range all {
			if r, ok := e.(ovpn.CRResponse); ok {
				if text, is := r.Text(); is == (text == "") || len(text) > 258 || !utf8.ValidString(text.Reveal()) || strings.ContainsFunc(text.Reveal(), unicode.IsControl) {
					t.Errorf("the answer %q is no line of text", text.Reveal())
				}
			}
			if r, ok := e.(ovpn.TLSRefused); ok && (r.Message == "" || !r.Peer.IsValid() || r.Count < 1 || strings.ContainsFunc(r.Message, func(c rune) bool { return c < 0x20 })) {
				t.Errorf("a refusal that cannot be shown: %+v", r)
			}
		}
	})
}
