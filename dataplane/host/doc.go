// Package host configures a Linux host for an endpoint, apart from packet filter rules: tun devices,
// routes to clients, forwarding, connection tracking, and the reservation of ports. It also finds
// what the host lacks or what conflicts with an endpoint. Errors about the host are *vpn.Error with a
// sentence for administrators.
//
// It uses netlink and /proc in the network namespace of the calling thread. Everything that it
// changes is marked: devices have an alias, routes a protocol number, and changed settings are
// recorded in a file that survives a crash.
package host
