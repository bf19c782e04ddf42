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
		Form: url.Values{"name": {""}, "description": {"a\tb"}, "cidrs": {"10.0.0.0/7 lan 10.5.0.1/16"}, "tag_key": {"team", "team"}, "tag_value": {"a", "b"}},
		Want: map[string]string{"name": "Enter a name", "description": "one line", "cidrs": "too wide for a network; /8 is the widest. \"lan\"", "tags": "is repeated"}}).
		WantText("#cidrs-error", "10.5.0.1/16 has host bits")
	u.WantAllFaults(t, webtest.WrongForm{Path: u.Network + "/subnets/new",
		Form: url.Values{"name": {strings.Repeat("n", 256)}, "description": {"a\tb"}, "cidr": {"10.0.0.128/25"}, "zone": {"Zone A"}, "tag_key": {""}, "tag_value": {"b"}},
		Want: map[string]string{"name": "256 characters", "description": "one line", "tags": "has no key", "cidr": "overlaps with subnet office-a", "zone": "lower-case letters"}})
	version := func(page string) string { return u.Admin.Get(page).Value("version") }
	u.WantAllFaults(t, webtest.WrongForm{Path: u.Network + "/edit",
		Form: url.Values{"version": {version(u.Network + "/edit")}, "name": {""}, "description": {"a\tb"}, "cidrs": {"10.1.0.0/16 10.20.0.0/16"}, "tag_key": {""}, "tag_value": {"b"}},
		Want: map[string]string{"name": "Enter a name", "description": "one line", "cidrs": "would lie in no range of the network", "tags": "has no key"}}).
		WantText("#cidrs-error", "10.20.0.0/16 overlaps with the client CIDR 10.20.0.0/22 of endpoint main")
	subnet := "/subnets/" + u.ZoneA + "/edit"
	u.WantAllFaults(t, webtest.WrongForm{Path: subnet,
		Form: url.Values{"version": {version(subnet)}, "name": {"<b>"}, "description": {"a\tb"}, "tag_key": {""}, "tag_value": {"b"}},
		Want: map[string]string{"name": "is not allowed", "description": "one line", "tags": "has no key"}})
}
