// Package nft renders what the endpoints of one host allow as one nftables table, and keeps the
// kernel's table equal to it.
//
// Render is pure: the same Ruleset and sessions always give the same text. A Table applies that
// text in one transaction, changes the elements of sessions over netlink, reads the counters and
// detects changes that another program made to the table. The table is of family inet, not ip:
// the transaction that admits a client's IPv4 must also drop its IPv6.
//
// The table ignores packets that neither enter nor leave a tun device of ours, with one exception:
// see Ruleset.HostForwarding.
package nft
