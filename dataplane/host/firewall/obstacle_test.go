package firewall_test

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"sallyport/dataplane/host/firewall"
	"sallyport/vpn"
)

func TestObstaclesOfOtherFirewallsHaveARemedy(t *testing.T) {
	traffic := firewall.Traffic{Table: "sallyport", Endpoints: []firewall.Endpoint{{
		Clients: netip.MustParsePrefix("192.168.0.0/22"), Devices: []string{"sptest-0"}, Egress: []string{"lan0"},
		Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Transport: vpn.UDP, Ports: []uint16{40001},
	}}}
	for _, tc := range []struct {
		name, ruleset string
		chain, remedy string // "" for no obstacle; "?" before a chain that may drop
	}{
		{"nothing", "", "", ""},
		{"our own table", `table inet sallyport { chain f { type filter hook forward priority 0; policy drop; }
}`, "", ""},
		{"accepting policy", `table inet a { chain f { type filter hook forward priority 0; policy accept; }
}`, "", ""},
		{"dropping policy", `table inet a { chain f { type filter hook forward priority 0; policy drop; ct state established,related accept
}
}`, "inet a f", `nft insert rule inet a f iifname '"sp*"' accept`},
		{"trailing reject", `table ip a { chain f { type filter hook forward priority 0; ct state { established, related } accept; counter reject
}
}`, "ip a f", "oifname"},
		{"reject of one interface", `table ip a { chain f { type filter hook forward priority 0; iifname "eth9" reject; iifname != "sp*" iifname != "lan0" drop
}
}`, "", ""},
		{"reject behind a jump", `table ip a { chain end { ct state new log reject
}
 chain f { type filter hook forward priority 0; ip saddr 10.0.0.0/8 accept; goto end
}
}`, "ip a f", "iifname"},
		{"only answers refused", `table ip a { chain f { type filter hook forward priority 0; policy drop; iifname "sp*" accept
}
}`, "ip a f", "replies"},
		{"state map", `table ip a { chain f { type filter hook forward priority 0; policy drop; ct state vmap { established : accept, related : accept, new : jump open }
}
 chain open { iifname "sptest-0" accept
}
}`, "", ""},
		{"docker", `table ip filter { chain DOCKER-USER { return
}
 chain FORWARD { type filter hook forward priority 0; policy drop; counter jump DOCKER-USER; oifname "docker0" ct state established accept
}
}`, "ip filter FORWARD", "iptables -I DOCKER-USER -i sp+ -j ACCEPT && iptables -I DOCKER-USER -o sp+ -j ACCEPT"},
		{"docker repaired", `table ip filter { chain DOCKER-USER { iifname "sp*" counter accept; oifname "sp*" counter accept; return
}
 chain FORWARD { type filter hook forward priority 0; policy drop; counter jump DOCKER-USER
}
}`, "", ""},
		{"firewalld", `table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; ct state { established, related } accept; ct status dnat accept; reject with icmpx admin-prohibited
}
}`, "inet firewalld filter_FORWARD", "firewall-cmd --permanent --zone=trusted --add-interface=sp+ && firewall-cmd --reload"},
		{"firewalld, the interface in a zone", `table inet firewalld { chain filter_INPUT { type filter hook input priority 10; ct state { established, related } accept; jump filter_INPUT_ZONES; reject with icmpx admin-prohibited
}
 chain filter_INPUT_ZONES { ip saddr 203.0.113.0/24 goto filter_IN_drop; iifname "sp*" goto filter_IN_trusted; iifname "eth7" goto filter_IN_internal; iifname "lo" goto filter_IN_dmz; goto filter_IN_public
}
 chain filter_IN_drop { drop
}
 chain filter_IN_trusted { accept
}
 chain filter_IN_internal { udp dport 40001 accept
}
 chain filter_IN_dmz { tcp dport 22 accept; reject with icmpx admin-prohibited
}
 chain filter_IN_public { udp dport 40001 accept
}
}`, "?inet firewalld filter_INPUT", "firewall-cmd --permanent --zone=dmz --add-port=21000-21255/udp && firewall-cmd --reload"},
		{"ufw", `table ip filter { chain ufw-user-forward { }
 chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-user-forward
}
}`, "ip filter FORWARD", "ufw route allow in on sp+ && ufw route allow out on sp+"},
		{"closed input", `table inet a { chain i { type filter hook input priority 0; policy drop; ct state established accept; tcp dport 22 accept
}
}`, "inet a i", "nft insert rule inet a i ct status dnat accept"},
		{"input open for the worker", `table inet a { chain i { type filter hook input priority 0; policy drop; udp dport { 53, 40001 } accept
}
}`, "", ""},
		{"ufw's shape", `table ip a { chain notlocal { fib daddr type local return; drop
}
 chain i { type filter hook input priority 0; policy drop; iifname "lo" accept; ct state established,related accept; jump notlocal; udp dport { 21000, 40001 } accept
}
}`, "", ""},
		{"a mark that is not known", `table inet a { chain f { type filter hook forward priority 0; meta mark 0x1 drop
}
}`, "?inet a f", "cannot judge"},
		{"a rate", `table inet a { chain i { type filter hook input priority 0; policy drop; ct state established accept; udp dport 40001 limit rate 10/second accept
}
}`, "?inet a i", "nft insert rule inet a i ct status dnat accept"},
		{"a named map", `table inet a { map m { type iface_index : verdict; elements = { lo : accept }
}
 chain f { type filter hook forward priority 0; policy drop; meta mark vmap { 1 : accept, 2 : drop }
}
}`, "?inet a f", "cannot judge"},
		{"an empty named map", `table inet a { map m { type ifname : verdict; }
 chain f { type filter hook forward priority 0; policy drop; iifname vmap @m
}
}`, "inet a f", "drops packets from VPN clients"},
		{"a blocklist", `table inet a { set s { type ipv4_addr; flags interval; elements = { 203.0.113.0/24, 198.51.100.1-198.51.100.9 }
}
 chain i { type filter hook input priority 0; ip saddr @s drop
}
 chain f { type filter hook forward priority 0; ip saddr @s drop; ip saddr 10.0.0.0/8 drop; tcp dport 25 reject; ip frag-off & 0x1fff != 0 drop; fib saddr . iif oif missing drop
}
}`, "", ""},
		{"the range of clients", `table inet a { set s { type ipv4_addr; flags interval; elements = { 192.168.0.0/16 }
}
 chain f { type filter hook forward priority 0; ip saddr @s drop
}
}`, "inet a f", "drops packets from VPN clients"},
		{"one port", `table inet a { chain f { type filter hook forward priority 0; policy drop; ct state established,related accept; tcp dport 443 accept
}
}`, "?inet a f", "only some"},
		{"worker's port of the other protocol", `table inet a { chain i { type filter hook input priority 0; policy drop; tcp dport 40001 accept
}
}`, "inet a i", "drops"},
		{"closed output", `table ip a { chain o { type filter hook output priority 0; policy drop; ct state established accept
}
}`, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Cleanup(func() { nftCommand(t, "flush ruleset") })
			if tc.ruleset != "" {
				nftCommand(t, tc.ruleset)
			}
			found, err := firewall.FindObstacles(t.Context(), traffic)
			if err != nil {
				t.Fatal(err)
			}
			if tc.chain == "" {
				if len(found) != 0 {
					t.Errorf("found %+v, want no obstacle", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("found %+v, want one obstacle", found)
			}
			o := found[0]
			chain, doubtful := strings.CutPrefix(tc.chain, "?")
			if o.Table+" "+o.Chain != chain || o.Certain == doubtful || !strings.Contains(o.Remedy+o.Message, tc.remedy) {
				t.Errorf("found %+v, want %s and %q", o, tc.chain, tc.remedy)
			}
			if !strings.HasPrefix(o.Remedy, "nft ") {
				return
			}
			// After the commands of the remedy there is no obstacle any more.
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", o.Remedy).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", o.Remedy, err, out)
			}
			if found, err = firewall.FindObstacles(t.Context(), traffic); err != nil || len(found) != 0 {
				t.Errorf("after %s: found %+v, %v", o.Remedy, found, err)
			}
		})
	}
}
