package vpntest_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

type inner struct {
	Text string
	At   time.Time
}

type outer struct {
	inner
	Secret  vpn.Secret
	Yes     bool
	List    []inner
	Pointer *inner
	Map     map[string]int
	Range   netip.Prefix
	Addr    netip.AddrPort
	Lasts   time.Duration
	Port    uint16
	Nested  inner
}

func TestFilledHasNoZero(t *testing.T) {
	t.Parallel()
	if z := vpntest.Zero(vpntest.Filled[outer]()); len(z) > 0 {
		t.Errorf("zero: %v", z)
	}
	if v := vpntest.Filled[outer](); v.Nested.Text == v.List[0].Text || v.Nested.Text == "" {
		t.Errorf("two texts are equal: %+v", v)
	}
}

func TestZeroNamesEachField(t *testing.T) {
	t.Parallel()
	v := vpntest.Filled[outer]()
	v.Nested.At, v.List[0].Text, v.Pointer.Text, v.Map, v.Range = time.Time{}, "", "", nil, netip.Prefix{}
	want := []string{"List[0].Text", "Map", "Nested.At", "Pointer.Text", "Range"}
	if got := vpntest.Zero(v); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFillFieldFillsOneField(t *testing.T) {
	t.Parallel()
	var o vpn.ClientOptions
	if name := vpntest.FillField(&o, 1); name != "SourceNAT" || o != (vpn.ClientOptions{SourceNAT: true}) {
		t.Errorf("filled %s: %+v", name, o)
	}
}
