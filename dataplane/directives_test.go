package dataplane

import (
	"net/netip"
	"reflect"
	"testing"

	"sallyport/dataplane/session"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// notDirectives are the options that OpenVPN does not send to clients, with the place that applies them.
var notDirectives = map[string]string{
	"SourceNAT":      "nftables rules: nft.Endpoint.SourceNAT",
	"SessionTimeout": "end of the session: newSession sets it, and expireSessions obeys a shorter one",
	"SignInAgain":    "end of the session: expireSessions",
}

// fullTunnel are the options that change nothing for the clients of a split tunnel, with the reason.
var fullTunnel = map[string]string{
	"IPv6Outside": "a split tunnel leaves IPv6 to the client",
}

// needs are the options that change something only beside another one, with the function that sets that one.
var needs = map[string]func(*vpn.ClientOptions){
	"BannerEnabled": func(o *vpn.ClientOptions) { o.Banner = "Welcome" },
	"Banner":        func(o *vpn.ClientOptions) { o.BannerEnabled = true },
	"DNSEnabled":    func(o *vpn.ClientOptions) { o.DNS1 = netip.MustParseAddr("10.0.0.2") },
	"DNS1":          func(o *vpn.ClientOptions) { o.DNSEnabled = true },
	"DNS2":          func(o *vpn.ClientOptions) { o.DNSEnabled = true },
}

// Every option changes what a client is told, with and without split tunnel, unless it is listed in notDirectives.
func TestEveryOptionIsADirective(t *testing.T) {
	t.Parallel()
	d := vpn.Desired{
		ClientCIDR:   netip.MustParsePrefix("10.20.0.0/22"),
		Associations: []vpn.DesiredAssociation{{ID: "a", Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
	}
	s := session.Session{Addr: netip.MustParseAddr("10.20.0.2"), Association: "a"}
	names := map[string]bool{}
	for i := range reflect.TypeFor[vpn.ClientOptions]().NumField() {
		for _, split := range []bool{false, true} {
			without := d
			without.SplitTunnel = split
			if set, ok := needs[reflect.TypeFor[vpn.ClientOptions]().Field(i).Name]; ok {
				set(&without.ClientOptions)
			}
			with := without
			name := vpntest.FillField(&with.ClientOptions, i)
			names[name] = true
			if _, full := fullTunnel[name]; split && (full || name == "SplitTunnel") {
				if name != "SplitTunnel" && !reflect.DeepEqual(directives(without, s), directives(with, s)) {
					t.Errorf("%s changes what the client of a split tunnel is told", name)
				}
				continue // SplitTunnel is set in both
			}
			changed := !reflect.DeepEqual(directives(without, s), directives(with, s))
			place, listed := notDirectives[name]
			if !changed && !listed {
				t.Errorf("%s does not change what directives returns (split tunnel %t). Append its directive in dataplane/directives.go, or list it in notDirectives with the place that applies it.", name, split)
			}
			if changed && listed {
				t.Errorf("%s changes what directives returns, but notDirectives says that it is applied by %q. Remove it from notDirectives.", name, place)
			}
		}
	}
	for name := range needs {
		if !names[name] {
			t.Errorf("%s is listed in needs and is no option", name)
		}
	}
	for _, list := range []map[string]string{notDirectives, fullTunnel} {
		for name := range list {
			if !names[name] {
				t.Errorf("%s is listed here and is no option", name)
			}
		}
	}
}
