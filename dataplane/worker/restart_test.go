package worker

import (
	"net/netip"
	"testing"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// A worker restarts for exactly the changes that are announced as a restart.
func TestRestartsAreThoseAnnounced(t *testing.T) {
	t.Parallel()
	input := vpntest.Filled[vpn.DesiredInput]()
	input.ClientCA.Use = vpn.UseAuthority
	w := &Worker{Device: "svpn0", Port: vpn.FirstWorkerPort}
	_, before := w.configuration(input.Desired(), "")
	was := vpn.Side{Endpoint: input.Endpoint, Server: input.Server, ClientCA: input.ClientCA, Remote: "vpn.example.test"}
	seen := map[bool]int{}
	for name, change := range map[string]func(*vpn.DesiredInput){
		"name":           func(p *vpn.DesiredInput) { p.Endpoint.Name = "x" },
		"generation":     func(p *vpn.DesiredInput) { p.Endpoint.Generation++ },
		"port":           func(p *vpn.DesiredInput) { p.Endpoint.Listen.Port++ },
		"certificate":    func(p *vpn.DesiredInput) { p.Server.PEM = "other" },
		"intermediate":   func(p *vpn.DesiredInput) { p.Server.Chain = "other" },
		"client CA":      func(p *vpn.DesiredInput) { p.ClientCA.PEM = "other" },
		"tls-crypt key":  func(p *vpn.DesiredInput) { p.Endpoint.TLSCrypt = "other" },
		"split-tunnel":   func(p *vpn.DesiredInput) { p.Endpoint.SplitTunnel = false },
		"source NAT":     func(p *vpn.DesiredInput) { p.Endpoint.SourceNAT = false },
		"timeout":        func(p *vpn.DesiredInput) { p.Endpoint.SessionTimeout *= 2 },
		"sign in again":  func(p *vpn.DesiredInput) { p.Endpoint.SignInAgain = false },
		"IPv6":           func(p *vpn.DesiredInput) { p.Endpoint.IPv6Outside = false },
		"banner":         func(p *vpn.DesiredInput) { p.Endpoint.Banner = "x" },
		"banner off":     func(p *vpn.DesiredInput) { p.Endpoint.BannerEnabled = false },
		"DNS servers":    func(p *vpn.DesiredInput) { p.Endpoint.DNS1 = p.Endpoint.DNS2 },
		"no DNS servers": func(p *vpn.DesiredInput) { p.Endpoint.DNSEnabled = false },
	} {
		p := input
		change(&p)
		_, after := w.configuration(p.Desired(), "")
		effect := vpn.EffectOf(was, vpn.Side{Endpoint: p.Endpoint, Server: p.Server, ClientCA: p.ClientCA, Remote: was.Remote})
		if restarts := before != after; restarts != (len(effect.Restart) > 0) {
			t.Errorf("%s: the worker restarts: %t, announced: %v", name, restarts, effect.Restart)
		}
		seen[before != after]++
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("restarts: %v", seen)
	}
}

// The hash of a configuration is that of the program as of commit 34183eb: a worker that it started runs on after an upgrade.
func TestEarlierWorkersRunOn(t *testing.T) {
	t.Parallel()
	d := vpn.Desired{
		ClientCIDR: netip.MustParsePrefix("10.20.0.0/22"), Listen: vpn.Listen{Addr: netip.MustParseAddr("192.0.2.10"), Transport: vpn.UDP, Port: 1194},
		Keys: vpn.Keys{Certificate: "certificate", Key: "key", ClientCA: "authority", TLSCrypt: "tls-crypt", TokenSecret: "token"},
	}
	_, got := (&Worker{Device: "svpn0", Port: vpn.FirstWorkerPort}).configuration(d, "/run/tun")
	if want := "8ed6032a49577969ec70659e2d41f46492fb35d8fe2429d57e4ceb98d8eb41cc"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
