package vpn

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ClientOptions are the settings of an endpoint that an administrator chooses and the dataplane obeys. Endpoint,
// EndpointSpec, EndpointEdit and Desired embed them, and the store keeps them in one column as JSON.
//
// Rows, journals and messages of an older version lack the key of a newer field: its zero value must mean what the
// product did before the field existed, or was meant to do.
type ClientOptions struct {
	// SplitTunnel: clients send only traffic for the endpoint's routes into the tunnel, otherwise all traffic.
	SplitTunnel bool `json:"split_tunnel"`
	// SourceNAT: traffic to the target networks carries the host's address instead of the client's.
	SourceNAT bool `json:"source_nat"`
	// SessionTimeout is the maximum VPN session duration; in JSON it is in nanoseconds.
	SessionTimeout time.Duration `json:"session_timeout"`
	// SignInAgain: a client whose session has reached its maximum duration is let sign in again by itself, otherwise it
	// is disconnected.
	SignInAgain bool `json:"sign_in_again"`
	// IPv6Outside: IPv6 of clients with a full tunnel passes beside the tunnel, otherwise it is stopped.
	IPv6Outside bool `json:"ipv6_outside"`
	// BannerEnabled: clients show Banner whenever their tunnel comes up. The text is kept while it is off.
	BannerEnabled bool   `json:"banner_enabled"`
	Banner        string `json:"banner"` // plain text with line breaks (LF)
	// DNSEnabled: clients use DNS1 and DNS2, in this order. The addresses are kept while it is off; the zero address
	// is none.
	DNSEnabled bool       `json:"dns_enabled"`
	DNS1       netip.Addr `json:"dns1"`
	DNS2       netip.Addr `json:"dns2"`
}

// DefaultSessionTimeout is the default of the guide, "Client VPN endpoints".
const DefaultSessionTimeout = 24 * time.Hour

// MaxSessionHours is the longest session timeout that can be chosen: a week.
const MaxSessionHours = 168

// ParseSessionTimeout reads a whole number of hours from 1 to MaxSessionHours.
func ParseSessionTimeout(text string) (time.Duration, error) {
	hours, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || hours < 1 || hours > MaxSessionHours {
		return 0, fmt.Errorf("Enter a whole number of hours from 1 to %d.", MaxSessionHours) //nolint:staticcheck // a sentence for the page
	}
	return time.Duration(hours) * time.Hour, nil
}

// DefaultOptions are the options that the form for a new endpoint starts with.
func DefaultOptions() ClientOptions {
	return ClientOptions{SourceNAT: true, SessionTimeout: DefaultSessionTimeout, DNSEnabled: true}
}

// Check records what is wrong with the options, under the JSON key of each field. The console, the API and the
// dataplane call it: there is no other check of an option.
func (o ClientOptions) Check(c *Check) {
	if o.SessionTimeout <= 0 {
		c.Bad("session_timeout", "The session timeout is missing.")
	}
	checkBanner(c, o.BannerEnabled, o.Banner)
	checkDNS(c, "dns1", o.DNS1)
	checkDNS(c, "dns2", o.DNS2)
}
