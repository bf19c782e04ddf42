// Package host does to a Linux host what an endpoint needs besides packet filter rules: tun
// devices, routes to clients, forwarding, connection tracking, the reservation of ports; and it
// tells in plain sentences what the host lacks or what stands in the way.
//
// All of it goes through netlink and /proc in the network namespace of the calling thread. What
// it changes can be told from everybody else's: devices carry an alias, routes a protocol
// number, changed settings stand in a record that outlives a crash.
package host
