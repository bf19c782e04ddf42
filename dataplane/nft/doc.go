// Package nft turns what the endpoints of one host allow into one nftables table, and keeps the
// kernel equal to it.
//
// Render is pure: the same Ruleset and sessions always give the same text. A Table applies it
// in one transaction, changes memberships over netlink in another, reads the counters and
// notices when somebody else has changed the table. The table is of family inet, not ip: what
// a client sends as IPv6 has to be dropped by the same transaction that admits its IPv4.
//
// Packets that neither enter nor leave a device of ours are not judged, with one exception that
// the host itself made necessary: see Ruleset.HostForwarding.
package nft
