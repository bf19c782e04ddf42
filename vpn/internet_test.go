package vpn

import (
	"net/netip"
	"strings"
	"testing"
)

// Clients whose traffic goes through the endpoint lose the internet where a route or a rule is missing.
func TestInternetWarning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		split         bool
		routes, rules string
		want          string
	}{
		{true, "", "", ""},
		{false, "10.0.0.0/16", "10.0.0.0/16", "no route and no authorization rule"},
		{false, "0.0.0.0/0", "10.0.0.0/16", "no authorization rule opens"},
		{false, "10.0.0.0/16", "0.0.0.0/0", "no route leads"},
		{false, "0.0.0.0/0", "0.0.0.0/0", ""},
		{false, "0.0.0.0/1 128.0.0.0/1", "0.0.0.0/0", ""},
		{false, "0.0.0.0/1 0.0.0.0/1", "0.0.0.0/0", "no route leads"},
		{false, "-0.0.0.0/0", "0.0.0.0/0", "no route leads"},
		{false, "0.0.0.0/0", "-0.0.0.0/0", "no authorization rule opens"},
	} {
		var e Endpoint
		e.SplitTunnel = c.split
		var routes []Route
		var rules []Rule
		for _, r := range strings.Fields(c.routes) {
			p, gone := strings.CutPrefix(r, "-")
			routes = append(routes, Route{Destination: netip.MustParsePrefix(p), Generations: Generations{Removed: removedIf(gone)}})
		}
		for _, r := range strings.Fields(c.rules) {
			p, gone := strings.CutPrefix(r, "-")
			rules = append(rules, Rule{Destination: netip.MustParsePrefix(p), Generations: Generations{Removed: removedIf(gone)}})
		}
		got := InternetWarning(e, rules, routes)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func removedIf(gone bool) uint64 {
	if gone {
		return 3
	}
	return 0
}
