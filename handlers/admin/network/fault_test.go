package network_test

import (
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// One submit names all that is wrong with a network or a subnet; a field that holds several things names each.
func TestAllFaultsOfNetworks(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.WantAllFaults(t, webtest.WrongForm{Path: "/networks/new",
		Form: url.Values{"name": {""}, "cidrs": {"10.0.0.0/7 lan 10.5.0.1/16"}, "tag_key": {"team", "team"}, "tag_value": {"a", "b"}},
		Want: map[string]string{"name": "Enter a name", "cidrs": "too wide for a network; /8 is the widest. \"lan\"", "tags": "is repeated"}}).
		WantText("#cidrs-error", "10.5.0.1/16 has host bits")
	u.WantAllFaults(t, webtest.WrongForm{Path: u.Network + "/subnets/new",
		Form: url.Values{"name": {strings.Repeat("n", 256)}, "cidr": {"10.0.0.128/25"}, "zone": {"Zone A"}},
		Want: map[string]string{"name": "256 characters", "cidr": "overlaps with subnet office-a", "zone": "lower-case letters"}})
}
