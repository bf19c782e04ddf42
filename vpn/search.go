package vpn

import (
	"net/netip"
	"strings"
)

// SearchResult is what a search of everything found: of each kind the first few, in the order of that kind's list.
type SearchResult struct {
	Endpoints      []Endpoint
	Networks       []Network
	Subnets        []Subnet
	Rules          []Rule
	Routes         []Route
	Connections    []Connection
	Users          []User
	Groups         []UserGroup
	Directories    []Directory
	Providers      []SAMLProvider
	Certificates   []Certificate
	Administrators []Administrator

	// EndpointNames are those of the endpoints of rules, routes and connections.
	EndpointNames map[EndpointID]string
}

// Search limits: how much of what is typed counts, and how many rows of each kind are read.
const (
	MaxSearchText = 200
	SearchEach    = 6
)

// SearchText is what a search looks for: what was typed without the space around it, cut at MaxSearchText characters.
func SearchText(typed string) string {
	runes := []rune(strings.TrimSpace(PrintableText(typed)))
	return strings.TrimSpace(string(runes[:min(len(runes), MaxSearchText)]))
}

// PrefixesOf are the CIDRs that contain an address that was typed, the narrowest first. None where it is no IPv4 address.
func PrefixesOf(typed string) []netip.Prefix {
	addr, err := netip.ParseAddr(typed)
	if err != nil || !addr.Is4() {
		return nil
	}
	var out []netip.Prefix
	for bits := 32; bits >= 0; bits-- {
		out = append(out, netip.PrefixFrom(addr, bits).Masked())
	}
	return out
}
