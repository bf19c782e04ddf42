package vpn

import (
	"net/netip"
	"strings"
	"testing"
)

// A range is typed exactly: IPv4, with a prefix length, without host bits. Nothing is guessed.
func TestParseCIDR(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want, sentence string }{
		{"10.0.0.0/16", "10.0.0.0/16", ""},
		{" 10.0.0.0/16\t", "10.0.0.0/16", ""},
		{"0.0.0.0/0", "0.0.0.0/0", ""},
		{"255.255.255.255/32", "255.255.255.255/32", ""},
		{"", "", "Enter an IPv4 range"},
		{"   ", "", "Enter an IPv4 range"},
		{"10.0.0.5", "", "Add a prefix length: 10.0.0.5/32 is this one address."},
		{"198.51.100.0", "", "Add a prefix length: 198.51.100.0/32 is this one address, 198.51.100.0/24 the range that begins with it."},
		{"10.0.0.0", "", "10.0.0.0/8 the range"},
		{"0.0.0.0", "", "Add a prefix length: 0.0.0.0/0 is every address."},
		{"fd00::1", "", "not an IPv4 range"},
		{"10.0.0.5/16", "", "the range that contains it is 10.0.0.0/16"},
		{"10.0.0.0/33", "", "not an IPv4 range"},
		{"10.0.0.0/-1", "", "not an IPv4 range"},
		{"10.0.0.0/08", "", "not an IPv4 range"},
		{"010.0.0.0/8", "", "not an IPv4 range"},
		{"10.0.0/8", "", "not an IPv4 range"},
		{"10.0.0.0/8/8", "", "not an IPv4 range"},
		{"10.0.0.0 /8", "", "not an IPv4 range"},
		{"fd00::/8", "", "Only IPv4"},
		{"::ffff:10.0.0.0/99", "", "Only IPv4"},
		{"2001:db8:1:2::/64", "", "Only IPv4"},
		{"office", "", "not an IPv4 range"},
		{"<b>/8", "", "not an IPv4 range"},
		{strings.Repeat("1", 10000), "", "not an IPv4 range"},
		{"10.0.0.0/8\x00", "", "not an IPv4 range"},
		{"\xff/8", "", "not an IPv4 range"},
	} {
		p, err := ParseCIDR(c.in)
		switch {
		case c.sentence == "" && (err != nil || p != cidr(c.want)):
			t.Errorf("%q: got %v, %v, want %s", c.in, p, err, c.want)
		case c.sentence != "" && (err == nil || !strings.Contains(err.Error(), c.sentence)):
			t.Errorf("%q: got %v, %v, want a sentence with %q", c.in, p, err, c.sentence)
		case err != nil && len(err.Error()) > 200:
			t.Errorf("%q: the sentence has %d bytes", c.in[:20], len(err.Error()))
		}
	}
}

// What is accepted is a masked IPv4 prefix and reads back as itself.
func FuzzParseCIDR(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "10.0.0.1/8", "::/0", "1.2.3.4", "/", "10.0.0.0/8 ", "0.0.0.0/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseCIDR(s)
		if err != nil {
			if p.IsValid() {
				t.Errorf("%q: refused, yet %s", s, p)
			}
			return
		}
		if !isIPv4Network(p) || p.String() != strings.TrimSpace(s) {
			t.Errorf("%q gave %s", s, p)
		}
	})
}

// The last address has all host bits set; the count is 2 to the number of them.
func TestLastAddrAndCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cidr, last string
		count      uint64
	}{
		{"0.0.0.0/0", "255.255.255.255", 1 << 32},
		{"128.0.0.0/1", "255.255.255.255", 1 << 31},
		{"10.0.0.0/8", "10.255.255.255", 1 << 24},
		{"10.0.0.0/31", "10.0.0.1", 2},
		{"10.0.0.7/32", "10.0.0.7", 1},
		{"255.255.255.255/32", "255.255.255.255", 1},
	} {
		if got := LastAddr(cidr(c.cidr)); got != ip(c.last) {
			t.Errorf("last of %s: got %s, want %s", c.cidr, got, c.last)
		}
		if got := AddressCount(cidr(c.cidr)); got != c.count {
			t.Errorf("count of %s: got %d, want %d", c.cidr, got, c.count)
		}
	}
}

// A range inside an unroutable range is refused; one that only contains such a range is not.
func TestUnusable(t *testing.T) {
	t.Parallel()
	for cidrText, want := range map[string]string{
		"127.0.0.0/8": "loopback", "127.1.2.3/32": "loopback", "169.254.0.0/16": "link-local", "169.254.169.254/32": "link-local",
		"224.0.0.0/4": "multicast", "239.1.0.0/16": "multicast", "240.0.0.0/4": "reserved", "255.255.255.255/32": "reserved",
		"0.0.0.0/8": "this network", "0.1.0.0/16": "this network",
		"0.0.0.0/0": "", "0.0.0.0/1": "", "126.0.0.0/7": "", "169.0.0.0/8": "", "224.0.0.0/3": "", "10.0.0.0/8": "", "8.8.8.8/32": "",
	} {
		if got := unroutableReason(cidr(cidrText)); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", cidrText, got, want)
		}
	}
	if got := unroutableReason(netip.Prefix{}); got != "" {
		t.Errorf("no range: got %q", got)
	}
}
