package hostpolicy

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/vpn"
)

func writePolicy(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPolicyFile(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("run this test as root: the policy file belongs to root")
	}
	for name, c := range map[string]struct{ text, problem string }{
		"all":              {`{"listen":["192.0.2.0/24"],"ports":["443","1194-1210"],"egress_interfaces":["eth1"],"forbidden_destinations":["10.9.0.0/16"],"client_ranges":["10.0.0.0/8"],"max_endpoints":2,"max_workers":1,"max_sessions":9}`, ""},
		"nothing":          {`{}`, ""},
		"empty file":       {``, "malformed"},
		"unknown key":      {`{"allow_all":true}`, "malformed"},
		"bad port":         {`{"ports":["0"]}`, "neither a port"},
		"backward range":   {`{"ports":["20-10"]}`, "neither a port"},
		"port too large":   {`{"ports":["65536"]}`, "neither a port"},
		"number for text":  {`{"ports":[443]}`, "malformed"},
		"host bits":        {`{"forbidden_destinations":["10.9.0.1/16"]}`, "not an IPv4 network"},
		"client host bits": {`{"client_ranges":["10.0.0.1/8"]}`, "not an IPv4 network"},
		"IPv6":             {`{"listen":["2001:db8::/32"]}`, "not an IPv4 network"},
		"negative":         {`{"max_sessions":-1}`, "negative"},
		"something behind": {`{} {}`, "something follows"},
		"comma missing":    {"{\n \"max_workers\": 1\n \"max_sessions\": 9\n}", "line 3: this is not JSON"},
		"brace missing":    {"{\n \"max_workers\": 1\n\n", "line 2: the file ends in the middle"},
		"text for number":  {"{\n \"max_workers\": \"1\"\n}", "line 2: max_workers cannot be text in quotation marks"},
		"an array":         {`[]`, "line 1: the policy is an object in braces"},
		"unknown key, far": {"{\n \"max_workers\": 1,\n \"max_session\": 9\n}", "line 3: \"max_session\" is no key"},
		"port in words":    {"{\n \"ports\": [\n  \"443\",\n  \"https\"\n ]\n}", "line 4: \"https\" is neither a port"},
		"address":          {"{\n \"listen\": [\"192.0.2.1\"]\n}", "line 2: \"192.0.2.1\" is not an IPv4 network"},
		"host bits, far":   {"{\n\n \"listen\": [\"192.0.2.1/24\"]\n}", "line 3: 192.0.2.1/24 is not an IPv4 network"},
		"negative, far":    {"{\n \"max_workers\": 1,\n \"max_sessions\": -9\n}", "line 3: max_sessions is negative"},
		"behind, far":      {"{\n}\n\n{}", "line 4: something follows"},
	} {
		path := filepath.Join(t.TempDir(), "policy")
		writePolicy(t, path, c.text)
		_, problem := NewFile(path).Current()
		if c.problem == "" && problem != "" || !strings.Contains(problem, c.problem) {
			t.Errorf("%s: %q, want %q", name, problem, c.problem)
		}
	}
}

func TestPolicyFileIsReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy")
	f := NewFile(path)
	expect := func(what, problem string, maxSessions int) {
		t.Helper()
		p, got := f.Current()
		if problem == "" && got != "" || !strings.Contains(got, problem) || p.MaxSessions != maxSessions {
			t.Errorf("%s: %q, %d sessions; want %q, %d", what, got, p.MaxSessions, problem, maxSessions)
		}
	}
	expect("absent", "", 0)
	writePolicy(t, path, `{"max_sessions":5}`)
	expect("written", "", 5)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	writePolicy(t, path, `{"max_sessions":6}`)
	if err := os.Chtimes(path, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	expect("changed, same size and time", "", 6)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	expect("writable for all", "others than root", 0)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("repaired", "", 6)
	if err := os.Chown(path, 65534, 0); err != nil {
		t.Fatal(err)
	}
	expect("another account's", "others than root", 0)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("gone", "", 0)
	if err := os.Symlink(path, path); err != nil {
		t.Fatal(err)
	}
	expect("unreadable", "cannot be read", 0)
}

func TestPolicyAllows(t *testing.T) {
	t.Parallel()
	prefix := netip.MustParsePrefix
	p := Policy{
		Listen: []netip.Prefix{prefix("192.0.2.0/24")}, Ports: []PortRange{{443, 443}, {1194, 1210}},
		Egress: []string{"eth1"}, Forbidden: []netip.Prefix{prefix("10.9.0.0/16")},
	}
	for listen, want := range map[string]bool{
		"192.0.2.7:443": true, "192.0.2.7:1210": true, "192.0.2.7:1211": false, "198.51.100.1:443": false,
		"0.0.0.0:443": false, // every address is more than was allowed
	} {
		a := netip.MustParseAddrPort(listen)
		if got := p.AllowsListen(vpn.Listen{Addr: a.Addr(), Port: a.Port()}) == ""; got != want {
			t.Errorf("listen on %s: allowed %v, want %v", listen, got, want)
		}
	}
	any := Policy{Listen: []netip.Prefix{prefix("0.0.0.0/0")}}
	if s := any.AllowsListen(vpn.Listen{Addr: netip.IPv4Unspecified(), Port: 1}); s != "" {
		t.Error(s)
	}
	if p.AllowsEgress("eth1") != "" || p.AllowsEgress("eth0") == "" || (Policy{}).AllowsEgress("eth0") != "" {
		t.Error("egress interfaces")
	}
	if p.Forbids(prefix("10.9.4.0/24")) == "" || p.Forbids(prefix("10.0.0.0/8")) != "" {
		t.Error("what lies inside a forbidden range opens nothing; what is wider opens the rest")
	}
	got := p.Narrow([]netip.Prefix{prefix("10.8.0.0/15"), prefix("10.9.1.0/24"), prefix("172.16.0.0/12")})
	if len(got) != 2 || got[0] != prefix("10.8.0.0/16") || got[1] != prefix("172.16.0.0/12") {
		t.Errorf("routes %v", got)
	}
}

func TestPolicyLimitsClientRanges(t *testing.T) {
	t.Parallel()
	if why := (Policy{}).Allows(vpn.Desired{ClientCIDR: netip.MustParsePrefix("8.8.8.0/22")}); !strings.Contains(why, "public addresses") {
		t.Errorf("a desired state with a public client CIDR: %q", why)
	}
	p := Policy{ClientRanges: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/14"), netip.MustParsePrefix("100.64.0.0/10")}}
	for client, allowed := range map[string]bool{"10.20.0.0/22": true, "10.20.0.0/14": true, "100.64.0.0/12": true, "10.24.0.0/22": false, "10.16.0.0/12": false, "8.8.8.0/22": false} {
		if why := p.AllowsClients(netip.MustParsePrefix(client)); (why == "") != allowed {
			t.Errorf("%s: %q", client, why)
		}
	}
	for client, allowed := range map[string]bool{
		"10.0.0.0/12": true, "172.31.252.0/22": true, "192.168.0.0/16": true, "100.127.252.0/22": true,
		"8.8.8.0/22": false, "203.0.112.0/22": false, "93.176.0.0/12": false, "172.32.0.0/22": false,
	} {
		if why := (Policy{}).AllowsClients(netip.MustParsePrefix(client)); (why == "") != allowed || !allowed && !strings.Contains(why, "client_ranges") {
			t.Errorf("%s without client_ranges: %q", client, why)
		}
		if why := (Policy{ClientRanges: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}).AllowsClients(netip.MustParsePrefix(client)); why != "" {
			t.Errorf("%s where every range is allowed: %s", client, why)
		}
	}
}
