package vpn

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// A client CIDR is a /12 to a /22 (guide, "Limitations and rules of Client VPN") of addresses that a client can be given.
func TestClientCIDR(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, words string }{ // no words: fine
		{"10.20.0.0/22", ""},
		{"10.16.0.0/12", ""},
		{"172.16.0.0/12", ""},
		{"100.64.0.0/16", ""},
		{"10.20.0.0/23", "too small"},
		{"10.20.0.0/32", "too small"},
		{"10.0.0.0/11", "too large"},
		{"0.0.0.0/0", "too large"},
		{"10.20.1.0/22", "host bits"},
		{"10.20.0.1/22", "host bits"},
		{"127.0.0.0/12", "loopback"},
		{"169.254.0.0/22", "link-local"},
		{"169.240.0.0/12", "link-local"}, // the link-local range is inside it
		{"224.0.0.0/12", "multicast"},
		{"240.0.0.0/12", "reserved"},
		{"255.255.252.0/22", "reserved"},
		{"0.0.0.0/12", "this network"},
		{"fd00::/16", "IPv4"},
		{"", "Enter"},
	} {
		_, err := NewEndpoint(EndpointSpec{ClientCIDR: c.in, Certificate: "cert-1", Mutual: true, ClientOptions: DefaultOptions()}, now)
		field := "client_cidr"
		if c.words == "" {
			field = ""
		}
		wantBad(t, c.in, err, field, c.words)
		if p, perr := netip.ParsePrefix(c.in); perr == nil && ValidClientCIDR(p) != (c.words == "") {
			t.Errorf("%s: the dataplane's check says %v", c.in, ValidClientCIDR(p))
		}
	}
	if ValidClientCIDR(netip.Prefix{}) {
		t.Error("no client CIDR at all is valid")
	}
}

// The 64 blocks are equal, disjoint, ascending, and together the whole client CIDR.
func TestBlocksCutTheClientCIDR(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(widestClientCIDR, narrowestClientCIDR).Draw(t, "bits")
		client := netip.PrefixFrom(addrFrom(rapid.Uint32().Draw(t, "address")), bits).Masked()
		next := client.Addr()
		for n := range Blocks {
			b := Block(client, n)
			if b.Addr() != next || b.Bits() != bits+6 || b != b.Masked() {
				t.Fatalf("block %d of %s is %s, want it to begin at %s", n, client, b, next)
			}
			next = LastAddr(b).Next()
		}
		if last := LastAddr(Block(client, Blocks-1)); last != LastAddr(client) {
			t.Fatalf("the blocks of %s end at %s", client, last)
		}
	})
	if all := AllBlocks(); len(all) != Blocks || all[0] != 0 || all[Blocks-1] != Blocks-1 {
		t.Errorf("all blocks: %v", all)
	}
}

// Clients get every address but the network's, the gateway's and the broadcast one.
func TestAssignable(t *testing.T) {
	t.Parallel()
	client := cidr("10.20.0.0/22")
	if got := Gateway(client); got != ip("10.20.0.1") {
		t.Errorf("gateway %s", got)
	}
	for addr, want := range map[string]bool{
		"10.20.0.0": false, "10.20.0.1": false, "10.20.0.2": true, "10.20.0.255": true, "10.20.1.0": true,
		"10.20.3.254": true, "10.20.3.255": false, "10.20.4.0": false, "10.19.255.255": false, "::1": false,
	} {
		if got := Assignable(client, ip(addr)); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
	}
	counted := uint64(0)
	for a := client.Addr(); client.Contains(a); a = a.Next() {
		if Assignable(client, a) {
			counted++
		}
	}
	if got := ClientCapacity(client); got != counted || got != 1021 {
		t.Errorf("capacity %d, counted %d, want 1021", got, counted)
	}
}

func TestFreeClientCIDR(t *testing.T) {
	t.Parallel()
	p := netip.MustParsePrefix
	for want, taken := range map[string][]netip.Prefix{
		"10.128.0.0/22":  {p("10.0.0.0/16")},
		"10.128.8.0/22":  {p("10.128.0.0/22"), p("10.128.4.0/24")},
		"172.16.0.0/22":  {p("10.0.0.0/8")},
		"172.20.0.0/22":  {p("172.16.0.0/14"), p("10.0.0.0/8")},
		"invalid Prefix": {p("0.0.0.0/0")},
	} {
		if got := FreeClientCIDR(taken, nil); got.String() != want {
			t.Errorf("%v: got %s, want %s", taken, got, want)
		}
	}
	if got := FreeClientCIDR([]netip.Prefix{p("10.1.0.0/22"), p("fd00::/8")}, []netip.Prefix{{}, p("fd00::/8"), p("::ffff:10.0.0.0/104"), p("10.1.2.3/16")}); got != p("10.1.4.0/22") {
		t.Errorf("got %s in a range with host bits beside one of IPv6, want 10.1.4.0/22", got)
	}
	if got := FreeClientCIDR(nil, []netip.Prefix{p("fd00::/8")}); got.IsValid() {
		t.Errorf("got %s in a range of IPv6", got)
	}
	if got := FreeClientCIDR([]netip.Prefix{p("10.20.0.0/21")}, []netip.Prefix{p("192.168.0.0/24"), p("10.20.0.0/16")}); got != p("10.20.8.0/22") {
		t.Errorf("within the allowed ranges: got %s, want 10.20.8.0/22", got)
	}
}
