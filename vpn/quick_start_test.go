package vpn

import (
	"net/netip"
	"testing"
)

func TestProposeSubnet(t *testing.T) {
	t.Parallel()
	used := func(list ...string) (out []netip.Prefix) {
		for _, s := range list {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	for _, c := range []struct {
		network string
		used    []netip.Prefix
		want    string
	}{
		{"10.0.0.0/16", nil, "10.0.0.0/24"},
		{"10.0.0.0/26", nil, "10.0.0.0/26"},
		{"10.0.0.0/16", used("10.0.1.7/24", "192.168.0.0/24"), "10.0.1.0/24"},
		{"10.0.0.0/16", used("10.0.0.0/8", "10.0.9.0/30"), "10.0.0.0/24"},
		{"10.0.0.0/16", used("10.0.2.0/24", "10.0.1.0/24", "10.0.0.0/20"), "10.0.1.0/24"},
		{"10.0.1.0/24", used("10.0.1.0/24"), "10.0.1.0/24"},
	} {
		if got := ProposeSubnet(netip.MustParsePrefix(c.network), c.used).String(); got != c.want {
			t.Errorf("%s with %v: %s, want %s", c.network, c.used, got, c.want)
		}
	}
	if got := ProposeSubnet(netip.Prefix{}, nil); got.IsValid() {
		t.Errorf("no network has the subnet %s", got)
	}
}

func TestProposeFirstUser(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"alice": "alice", "admin": "first-user", "Administrator": "first-user", "root": "first-user"} {
		if got := ProposeFirstUser(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The host's own address is proposed as the public name where it is a public one.
func TestProposePublicName(t *testing.T) {
	t.Parallel()
	for own, want := range map[string]string{"203.0.113.2": "203.0.113.2", "10.0.0.5": "", "192.168.1.2": "", "100.64.3.1": "", "": "", "2001:db8::1": ""} {
		if got := ProposePublicName(own); got != want {
			t.Errorf("%s: got %q, want %q", own, got, want)
		}
	}
}
