package vpn

import (
	"net/netip"
	"strings"
	"testing"
)

// A DNS server that clients cannot reach is a warning, which names what is missing.
func TestDNSWarning(t *testing.T) {
	t.Parallel()
	rule := func(cidr string) Rule { return Rule{ID: "rule", Destination: netip.MustParsePrefix(cidr)} }
	route := func(cidr string) Route { return Route{Destination: netip.MustParsePrefix(cidr)} }
	removed := rule("0.0.0.0/0")
	removed.Removed = 3
	server := netip.MustParseAddr("10.0.0.2")
	for _, c := range []struct {
		name   string
		e      Endpoint
		rules  []Rule
		routes []Route
		want   string
	}{
		{"reached", Endpoint{Network: "vpc"}, []Rule{rule("10.0.0.0/24")}, []Route{route("10.0.0.0/16")}, ""},
		{"no route", Endpoint{Network: "vpc"}, []Rule{rule("10.0.0.0/24")}, []Route{route("10.0.1.0/24")}, "No route leads to 10.0.0.2."},
		{"no rule", Endpoint{Network: "vpc"}, []Rule{rule("10.0.0.4/32")}, []Route{route("0.0.0.0/0")}, "No authorization rule opens 10.0.0.2."},
		{"removed", Endpoint{Network: "vpc"}, []Rule{removed}, nil, "No route and no authorization rule leads to 10.0.0.2."},
		{"no target network", Endpoint{}, nil, nil, ""},
	} {
		c.e.DNSEnabled, c.e.DNS1 = true, server
		if got := DNSWarning(c.e, c.rules, c.routes); (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		c.e.DNSEnabled = false
		if got := DNSWarning(c.e, c.rules, c.routes); got != "" {
			t.Errorf("%s: switched off, got %q", c.name, got)
		}
	}
}

// What no client can use as a DNS server is refused beside its field.
func TestDNSServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, want string }{
		{"", ""}, {" 10.0.0.2 ", ""}, {"8.8.8.8", ""}, {"10.0.0", "not an IPv4 address"}, {"resolver", "not an IPv4 address"},
		{"fd00::2", "not an IPv4 address"}, {"0.0.0.0", "this network"}, {"127.0.0.1", "loopback"}, {"169.254.169.253", "link-local"}, {"224.0.0.251", "multicast"},
	} {
		o := DefaultOptions()
		a, err := ParseDNSServer(c.typed)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			o.DNS2 = a
			var check Check
			o.Check(&check)
			got = FieldsOf(check.Err())["dns2"]
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.typed, got, c.want)
		}
	}
	o := ClientOptions{DNSEnabled: true, DNS2: netip.MustParseAddr("10.0.0.3")}
	if got := o.DNSServers(); len(got) != 1 || got[0] != o.DNS2 {
		t.Errorf("with the second server only: %v", got)
	}
}
