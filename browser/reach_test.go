package browser

import (
	"fmt"
	"net/netip"
	"testing"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// Hosts besides targetAddr: one of another subnet, one that no rule of these tests opens, and one on the internet.
const (
	subnetBAddr  = "10.0.2.10"
	closedAddr   = "10.0.1.200"
	internetAddr = "198.51.100.10"
)

// openByGroups gives the hosts that are looked for addresses, and has an endpoint open a network to each of three groups: engineers,
// sales and staff. as is the form of the ID of a group.
func (s *site) openByGroups(t testing.TB, admin *gateway.Admin, as string) {
	t.Helper()
	for _, a := range []string{subnetBAddr, closedAddr} {
		s.target.IP(t, "addr", "add", a+"/24", "dev", "eth0")
	}
	admin.AddRoute("198.51.100.0/24", "subnet-a")
	for _, r := range []struct{ cidr, group, why string }{
		{"10.0.1.0/25", "engineers", "Build servers"}, {"10.0.2.0/24", "sales", "Customer records"}, {"198.51.100.0/24", "staff", "Partners on the internet"},
	} {
		admin.MustSubmit(admin.Endpoint+"/rules/new", "Add authorization rule", gateway.Fields{
			"Destination network to enable access": r.cidr, "Allow access to users in a specific access group": "", "Access group ID": fmt.Sprintf(as, r.group), "Description": r.why,
		})
	}
	for _, cidr := range []string{"10.0.1.0/25", "10.0.2.0/24", "198.51.100.0/24"} {
		admin.WaitRow("/rules", cidr, "active")
	}
	admin.WaitRow("/routes", "198.51.100.0/24", "active")
}

// listedPlace is a line of the page My access.
type listedPlace struct {
	CIDR string
	Open bool
}

// listedPlaces reads what the open page My access says of an endpoint, by its name.
func (p *user) listedPlaces(endpoint string) []listedPlace {
	p.t.Helper()
	p.waitText("What I can reach through " + endpoint)
	var out []listedPlace
	p.mustEval(`(words) => {
		const part = [...document.querySelectorAll("h2")].find(h => h.textContent.trim() === words).closest("section");
		return [...part.querySelectorAll("li")].map(l => ({CIDR: (l.textContent.match(/\d+\.\d+\.\d+\.\d+\/\d+/) || [""])[0], Open: !l.textContent.includes("Not reachable")}));
	}`, &out, "What I can reach through "+endpoint)
	return out
}

// wantReach checks that a client's host reaches of the hosts exactly those that My access lists: the narrowest network with a host
// counts, and every network that is open has a host.
func wantReach(t testing.TB, on *netlab.Namespace, places []listedPlace) {
	t.Helper()
	reached := map[string]bool{}
	closed := 0
	for _, host := range []string{targetAddr, subnetBAddr, closedAddr, internetAddr} {
		var at listedPlace
		width := -1
		for _, p := range places {
			if n := netip.MustParsePrefix(p.CIDR); n.Contains(netip.MustParseAddr(host)) && n.Bits() > width {
				at, width = p, n.Bits()
			}
		}
		if at.Open {
			reached[at.CIDR] = true
			netlab.Eventually(t, patience, host+" is reached, as My access says", func() bool { return pings(on, host, "100") })
		} else if closed++; pings(on, host, "100") {
			t.Errorf("%s is reached, which My access does not list: %v", host, places)
		}
	}
	for _, p := range places {
		if p.Open && !reached[p.CIDR] {
			t.Errorf("%s is listed, and no host of it was looked for: %v", p.CIDR, places)
		}
	}
	if len(reached) == 0 || closed == 0 {
		t.Errorf("%d networks are reached and %d hosts are not: %v tells nothing", len(reached), closed, places)
	}
}
