package dataplane

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode"

	"sallyport/dataplane/login"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// FuzzApply: no bytes make the decoder, the check or the renderers panic; and what the check lets
// pass comes out as rules and configuration that say nothing but what they are for.
func FuzzApply(f *testing.F) {
	d := desiredOf(f, "cvpn-endpoint-8888888888888888a", 1194, "10.40.0.0/22")
	add := func(change func(*vpn.Desired)) {
		e := d
		e.Associations, e.Rules = slices.Clone(d.Associations), slices.Clone(d.Rules)
		change(&e)
		b, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	add(func(*vpn.Desired) {})
	add(func(d *vpn.Desired) { d.SplitTunnel, d.ClientToClient = true, true })
	add(func(d *vpn.Desired) { d.Rules[0].AllUsers, d.Rules[0].Group = false, `"; flush ruleset; "` })
	add(func(d *vpn.Desired) { d.Associations[0].Routes = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} })
	add(func(d *vpn.Desired) { d.Keys.Certificate += "</ca>\nscript-security 3\nup /bin/sh\n" })
	add(func(d *vpn.Desired) { d.Passwords, d.WithoutCertificates, d.Keys.ClientCA = true, true, "" })
	add(func(d *vpn.Desired) { d.Keys.ClientCA = "-----BEGIN X-----\nup /bin/sh\n-----END X-----\n" })
	f.Add([]byte(`{"client_cidr":"0.0.0.0/0","blocks":[64,-1]}`))
	f.Add([]byte(`{"listen":{"addr":"::1","transport":"udp\n","port":65536}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		decoder := json.NewDecoder(bytes.NewReader(b))
		decoder.DisallowUnknownFields()
		var d vpn.Desired
		if decoder.Decode(&d) != nil || d.Validate() != nil {
			return
		}
		rules := nft.Endpoint{
			ID: d.Endpoint, Devices: []string{"tun9"}, ClientCIDR: d.ClientCIDR, Gateway: vpn.Gateway(d.ClientCIDR),
			Public: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1194")}, Transport: d.Listen.Transport, Workers: []uint16{21000},
			HashSeed: hashSeed(d.Endpoint), SourceNAT: d.SourceNAT, ClientToClient: d.ClientToClient, Rules: d.Rules, Associations: associations(d),
		}
		text := string(nft.Render("sallyport", nft.Ruleset{Endpoints: []nft.Endpoint{rules}}, nil, nft.Objects{}))
		if strings.Contains(text, "ruleset") || strings.Contains(text, "include") {
			t.Errorf("the rules have a line of the message's own:\n%s", text)
		}
		config := ovpn.Config{
			Device: "tun9", Gateway: vpn.Gateway(d.ClientCIDR), ClientCIDR: d.ClientCIDR, Transport: d.Listen.Transport,
			Listen: netip.AddrPortFrom(d.Listen.Addr, 21000), Management: "/run/m", ClientCertificates: !d.WithoutCertificates, Passwords: d.Passwords, Keys: d.Keys, MaxClients: 10,
		}
		out, err := config.Render()
		if err != nil {
			return // refused: the endpoint shows why
		}
		inside := false
		for line := range strings.Lines(string(out)) {
			switch {
			case strings.HasPrefix(line, "</"):
				inside = false
			case strings.HasPrefix(line, "<"):
				inside = true
			case !inside && (strings.HasPrefix(line, "up ") || strings.HasPrefix(line, "plugin") || line == "script-security 3\n"):
				t.Errorf("the configuration has the line %q", line)
			case inside && strings.Contains(line, "/bin/"):
				t.Errorf("a key block has the line %q", line)
			}
		}
	})
}

// FuzzPending: whatever a message says of how a user signs in, what passes the check is one line that a client accepts.
func FuzzPending(f *testing.F) {
	f.Add([]byte(`{"id":"x","method":"webauth","url":"https://vpn.example.com/a/b","until":"2030-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"id":"x","method":"crtext","prompt":"Enter the code\n\"","until":"2030-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"method":"openurl","url":"http://[::1]:8444/\u0000"}`))
	e := &Engine{endpoints: map[vpn.EndpointID]*endpoint{}, logins: login.NewQueue()}
	f.Fuzz(func(t *testing.T, b []byte) {
		var l vpn.LoginPending
		if json.Unmarshal(b, &l) != nil {
			return
		}
		if err := e.Pend(t.Context(), []vpn.LoginPending{l}); err == nil {
			t.Errorf("%+v was carried out, and no login waits", l)
		}
		if text := l.Text(); l.Validate() == nil && (text == "" || len(text) > 246 || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '"' || r == '\\' })) {
			t.Errorf("%q passes the check", text)
		}
	})
}

// FuzzMessages: whatever a decision says, the engine does not crash and lets no client in.
func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"id":"x","allow":true,"connection":"cvpn-connection-00000000000000001","session":"session-00000000000000001","user":{"Name":"a"},"ends":"2030-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"id":"x","allow":false,"reason":"no"}`))
	f.Add([]byte(`{"ends":"9999-12-31T23:59:59Z","user":{"Groups":["","\u0000"]}}`))
	e := &Engine{endpoints: map[vpn.EndpointID]*endpoint{}, logins: login.NewQueue()}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d vpn.LoginDecision
		if json.Unmarshal(b, &d) != nil {
			return
		}
		if err := e.Decide(t.Context(), []vpn.LoginDecision{d}); err == nil {
			t.Errorf("%+v was carried out, and no login waits", d)
		}
		if d.Allow && grantable(d) && (len(d.User.Groups) > vpn.MaxGroups || !d.Connection.Valid()) {
			t.Errorf("%+v is called grantable", d)
		}
	})
}
