package nft_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

const (
	endpointA = vpn.EndpointID("cvpn-endpoint-0123456789abcdef0")
	endpointB = vpn.EndpointID("cvpn-endpoint-0123456789abcdef1")
	assocA    = vpn.AssociationID("cvpn-assoc-0123456789abcdef0")
)

func example() nft.Endpoint {
	return nft.Endpoint{
		ID: endpointA, Devices: []string{"spa-0", "spa-1"}, ClientCIDR: clientCIDR, Gateway: gateway,
		Public: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}, Transport: vpn.UDP,
		Workers: []uint16{40001, 40002}, HashSeed: 0x5a11, SourceNAT: true, ClientToClient: true,
		Rules: []vpn.DesiredRule{
			all("10.20.0.0/16"), group("10.20.5.0/24", "doctors; drop table \"x\" {"), group("10.20.5.0/24", "engineers"), all("192.0.2.1/32"),
		},
		Associations: []nft.Association{{ID: assocA, Routes: []netip.Prefix{
			netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("10.20.0.0/24"), netip.MustParsePrefix("192.0.2.1/32"),
		}}},
	}
}

// TestRenderGolden compares the whole text with a file; UPDATE_GOLDEN=1 writes the file.
func TestRenderGolden(t *testing.T) {
	t.Parallel()
	second := nft.Endpoint{
		ID: endpointB, Devices: []string{"spb-0"}, ClientCIDR: netip.MustParsePrefix("10.9.0.0/22"), Gateway: addr("10.9.0.1"),
		Public: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:443")}, Transport: vpn.TCP, Workers: []uint16{40003}, AnyAddress: true,
	}
	r := nft.Ruleset{Mark: testMark, Limits: nft.DefaultLimits, Endpoints: []nft.Endpoint{example(), second}, HostForwarding: []string{"eth1", "eth0", "eth1"}}
	sessions := []nft.Session{
		{Addr: addr("10.8.0.2"), Device: "spa-0", Endpoint: endpointA, Association: assocA, Groups: []string{"engineers", "others"}},
		{Addr: addr("10.9.0.2"), Device: "spb-0", Endpoint: endpointB, Association: assocA},
	}
	old := nft.Objects{Chains: []string{"forwarding", "gone"}, Sets: []string{"sent", "members_gone"}, Maps: []string{"ranges_gone"},
		Holds: []nft.Member{{Set: "sent", Addr: addr("10.8.0.2")}, {Set: "sent", Addr: addr("10.8.0.3")}}}
	got := nft.Render("sallyport", r, sessions, old)
	path := filepath.Join("testdata", "two_endpoints.nft")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the text differs from %s:\n%s", path, got)
	}
}

func TestInvalidRulesetsAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*nft.Ruleset){
		"device name":      func(r *nft.Ruleset) { r.Endpoints[0].Devices[0] = `x" } ; flush ruleset` },
		"device of others": func(r *nft.Ruleset) { r.Endpoints[0].Devices[0] = "tun0" },
		"forwarding name":  func(r *nft.Ruleset) { r.HostForwarding = []string{"eth0;"} },
		"endpoint id":      func(r *nft.Ruleset) { r.Endpoints[0].ID = "cvpn-endpoint-x" },
		"association id":   func(r *nft.Ruleset) { r.Endpoints[0].Associations[0].ID = "a b" },
		"same endpoint":    func(r *nft.Ruleset) { r.Endpoints = append(r.Endpoints, r.Endpoints[0]) },
		"overlapping ranges": func(r *nft.Ruleset) {
			e := example()
			e.ID, e.Devices = endpointB, nil
			r.Endpoints = append(r.Endpoints, e)
		},
		"shared device": func(r *nft.Ruleset) {
			r.Endpoints = append(r.Endpoints, nft.Endpoint{ID: endpointB, Devices: []string{"spa-0"}, ClientCIDR: netip.MustParsePrefix("10.9.0.0/22"), Gateway: addr("10.9.0.1"), Transport: vpn.UDP})
		},
		"gateway elsewhere":   func(r *nft.Ruleset) { r.Endpoints[0].Gateway = addr("10.9.0.1") },
		"transport":           func(r *nft.Ruleset) { r.Endpoints[0].Transport = "sctp" },
		"unspecified address": func(r *nft.Ruleset) { r.Endpoints[0].Public[0] = netip.MustParseAddrPort("0.0.0.0:1194") },
		"no workers":          func(r *nft.Ruleset) { r.Endpoints[0].Workers = nil },
		"IPv6 rule":           func(r *nft.Ruleset) { r.Endpoints[0].Rules[0].Destination = netip.MustParsePrefix("2001:db8::/32") },
		"IPv6 route":          func(r *nft.Ruleset) { r.Endpoints[0].Associations[0].Routes[0] = netip.MustParsePrefix("::/0") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := nft.Ruleset{Endpoints: []nft.Endpoint{example()}}
			change(&r)
			if err := nft.New("sprefused", discard).Apply(context.Background(), r); vpn.KindOf(err) != vpn.Invalid {
				t.Errorf("got %v, want it refused as invalid", err)
			}
		})
	}
}

func TestInvalidSessionsAreRefused(t *testing.T) {
	l := newLab(t)
	l.apply()
	good := nft.Session{Addr: addr("10.8.0.2"), Device: l.devices[0].name, Endpoint: l.id}
	must(t, l.table.Put(good))
	for name, change := range map[string]func(*nft.Session){
		"unknown endpoint":   func(s *nft.Session) { s.Endpoint = endpointB },
		"foreign device":     func(s *nft.Session) { s.Device = "lan0" },
		"address elsewhere":  func(s *nft.Session) { s.Addr = addr("10.9.0.2") },
		"the gateway's":      func(s *nft.Session) { s.Addr = gateway },
		"an address of IPv6": func(s *nft.Session) { s.Addr = addr("2001:db8::1") },
	} {
		s := good
		change(&s)
		if err := l.table.Put(s); vpn.KindOf(err) != vpn.Invalid {
			t.Errorf("%s: got %v, want it refused as invalid", name, err)
		}
	}
	if n := len(l.table.Sessions()); n != 1 {
		t.Errorf("%d sessions, want one", n)
	}
}

// large returns an endpoint with the given numbers of rules and sessions.
func large(l *lab, rules, sessions int) (nft.Ruleset, []nft.Session) {
	e := l.endpoint()
	e.ClientCIDR, e.Gateway = netip.MustParsePrefix("10.8.0.0/16"), addr("10.8.0.1")
	for i := range rules {
		e.Rules = append(e.Rules, group(fmt.Sprintf("172.%d.%d.0/24", 16+i/256, i%256), fmt.Sprint("group", i%50)))
	}
	var list []nft.Session
	for i := range sessions {
		list = append(list, nft.Session{
			Addr: fromUint(10<<24 | 8<<16 | uint32(i+256)), Device: l.devices[i%2].name, Endpoint: l.id, Association: l.assoc,
			Groups: []string{fmt.Sprint("group", i%50), fmt.Sprint("group", (i+7)%50)},
		})
	}
	return nft.Ruleset{Endpoints: []nft.Endpoint{e}}, list
}

// BenchmarkTenThousandSessions measures each operation with 10,000 sessions and 1,000
// rules of 50 groups in the table.
func BenchmarkTenThousandSessions(b *testing.B) {
	l := newLab(b)
	r, sessions := large(l, 1000, 10000)
	b.Run("render", func(b *testing.B) {
		for b.Loop() {
			nft.Render("sptest", r, sessions, nft.Objects{})
		}
	})
	must(b, l.table.Restore(b.Context(), r, sessions))
	b.Run("rebuild", func(b *testing.B) {
		for b.Loop() {
			must(b, l.table.Apply(b.Context(), r))
		}
	})
	b.Run("change groups of one", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			s := sessions[i%len(sessions)]
			s.Groups = []string{fmt.Sprint("group", (i+i/len(sessions))%50)} // another one in each round
			must(b, l.table.Put(s))
		}
	})
	b.Run("end one", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, err := l.table.End(sessions[i%len(sessions)].Addr)
			must(b, err)
		}
	})
	must(b, l.table.Put(sessions...))
	b.Run("put one new", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			s := sessions[i%len(sessions)]
			_, err := l.table.End(s.Addr)
			must(b, err)
			b.StartTimer()
			must(b, l.table.Put(s))
		}
	})
	b.Run("counters", func(b *testing.B) {
		for b.Loop() {
			got, err := l.table.Counters()
			must(b, err)
			if len(got) != len(sessions) {
				b.Fatalf("%d counters", len(got))
			}
		}
	})
	b.Run("drift, nothing committed", func(b *testing.B) {
		for b.Loop() {
			must(b, noDrift(b, l.table))
		}
	})
	b.Run("drift, after a foreign commit", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			nftCommand(b, "add table inet other")
			nftCommand(b, "delete table inet other")
			b.StartTimer()
			must(b, noDrift(b, l.table))
		}
	})
	b.Run("put all", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			_, err := l.table.End(addresses(sessions)...)
			must(b, err)
			b.StartTimer()
			must(b, l.table.Put(sessions...))
		}
	})
}

func addresses(sessions []nft.Session) []netip.Addr {
	out := make([]netip.Addr, len(sessions))
	for i, s := range sessions {
		out[i] = s.Addr
	}
	return out
}

func noDrift(t testing.TB, table *nft.Table) error {
	t.Helper()
	found, err := table.Drift(context.Background())
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("drift %q", slices.Concat(found))
	}
	return err
}

// TestManySessionsAtOnce proves that the size of the benchmark works, and logs the time.
func TestManySessionsAtOnce(t *testing.T) {
	l := newLab(t)
	r, sessions := large(l, 1000, 10000)
	must(t, l.table.Apply(t.Context(), r))
	began := time.Now()
	must(t, l.table.Put(sessions...))
	must(t, noDrift(t, l.table))
	got, err := l.table.Counters()
	must(t, err)
	if len(got) != len(sessions) {
		t.Errorf("%d sessions counted, want %d", len(got), len(sessions))
	}
	_, err = l.table.End(addresses(sessions)...)
	must(t, err)
	if got, err = l.table.Counters(); err != nil || len(got) != 0 {
		t.Errorf("%d counters left, %v; want none", len(got), err)
	}
	t.Logf("put, compare, read and end 10,000 sessions: %v", time.Since(began))
}
