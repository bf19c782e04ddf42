package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// NetworkManager imports the file as it is, connects, and the client's programs resolve names by the DNS
// server that the endpoint has; afterwards by their own again.
func TestNetworkManagerResolvesByPushedDNS(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	serveDNS(t, s.hostA, "10.0.1.77")
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(gateway.Fields{"DNS Server 1 IP address": addrHostA})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	s.WaitRow("/rules", "10.0.1.0/24", "active")

	client := s.clients[0]
	client.LayFiles(t, programs(t))
	startBus(t, client)
	const own = "nameserver 192.0.2.53\n"
	client.WriteFile(t, "/etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\ndns=default\nrc-manager=file\nauth-polkit=false\nno-auto-default=*\n[logging]\nlevel=INFO\n")
	client.Shell(t, "rm -f /etc/resolv.conf; mkdir -p /run/NetworkManager /var/lib/NetworkManager /var/lib/openvpn/chroot; useradd --system --user-group nm-openvpn")
	client.WriteFile(t, "/etc/resolv.conf", own)
	client.WriteFile(t, "/etc/nsswitch.conf", "hosts: files dns\n")
	client.Shell(t, "mount -o remount,ro /sys") // there is no udev, whose word on each device NetworkManager waits for otherwise
	client.StartDaemon(t, "NetworkManager", "--debug")
	netlab.Eventually(t, 20*time.Second, "NetworkManager answers", func() bool { return client.Exec("nmcli", "general").Run() == nil })
	// The device has its address already: an active connection that NetworkManager leaves as it is.
	client.Shell(t, "nmcli connection add type ethernet ifname eth0 con-name wired ipv4.method manual ipv4.addresses 192.0.2.101/24 ipv4.gateway "+gatewayWAN+" ipv4.dns 192.0.2.53 ipv6.method disabled && nmcli connection up wired")

	client.WriteFile(t, "/run/office.ovpn", s.Profile("alice"))
	client.Shell(t, "HOME=/run nmcli connection import type openvpn file /run/office.ovpn")
	client.Shell(t, "nmcli --wait 60 connection up office")
	s.WaitText("/connections", "alice", "active")
	netlab.Eventually(t, 10*time.Second, "a name is resolved through the tunnel", func() bool {
		out, err := client.Exec("getent", "ahostsv4", "intranet.corp.example").Output()
		return err == nil && strings.HasPrefix(string(out), "10.0.1.77 ")
	})
	if got := client.Shell(t, "cat /etc/resolv.conf"); !strings.Contains(got, "nameserver "+addrHostA) {
		t.Errorf("while connected the client has:\n%s", got)
	}
	client.Shell(t, "nmcli connection down office")
	netlab.Eventually(t, 10*time.Second, "the client has its own DNS server again", func() bool {
		got := client.Shell(t, "cat /etc/resolv.conf")
		return strings.Contains(got, "nameserver 192.0.2.53") && !strings.Contains(got, addrHostA)
	})
}
