package dataplane

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// keys is key material that OpenVPN takes, made once.
var keys struct {
	once sync.Once
	made vpn.Keys
}

func makeKeys(t testing.TB) vpn.Keys {
	keys.once.Do(func() { keys.made = testpki.EndpointKeys(t, testpki.Authority(t, "test authority")) })
	return keys.made
}

// desiredOf is an endpoint with one association with the sandbox's network and a rule for it.
func desiredOf(t testing.TB, id vpn.EndpointID, port uint16, client string) vpn.Desired {
	t.Helper()
	subnet := netip.MustParsePrefix("10.0.1.0/24")
	digits := strings.TrimPrefix(string(id), "cvpn-endpoint-")
	return vpn.Desired{
		Endpoint: id, Generation: 5, Listen: vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.UDP, Port: port},
		ClientCIDR: netip.MustParsePrefix(client), Blocks: vpn.AllBlocks(), Keys: makeKeys(t), ClientOptions: vpn.ClientOptions{SourceNAT: true, SessionTimeout: time.Hour},
		Associations: []vpn.DesiredAssociation{{ID: vpn.AssociationID("cvpn-assoc-" + digits), Subnet: subnet, Routes: []netip.Prefix{subnet}}},
		Rules:        []vpn.DesiredRule{{ID: vpn.RuleID("cvpn-rule-" + digits), Destination: subnet, AllUsers: true}},
	}
}
