package network_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

func TestNetworkAndSubnets(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	b.Get("/networks").WantStatus(http.StatusOK).WantText(".empty", "No networks yet").WantText(".empty a", "Create network")

	p := b.Follow(b.Post("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16, 10.1.0.0/16"}}))
	p.WantText("h1", "office").WantText("[role=status]", "created").WantText("dl", "10.1.0.0/16 reached by eth0, directly").WantText(".empty", "No subnets yet")
	network, _ := p.Doc.Find(".empty a").Attr("href")
	p = b.Follow(b.Post(network, url.Values{"name": {"a"}, "cidr": {"10.0.0.0/27"}, "zone": {"zone-a"}}))
	p.Row("10.0.0.0/27").WantText("td", "zone-a")
	webtest.CheckMarkup(t, "network", p)
	b.Get("/networks").Row("office").WantText("td.text-end", "1")
}

// Each case is a value of a field and the sentence beside the field that refuses it.
func TestBadNetworksChangeNothing(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	before := u.Digest(t)
	subnets := u.Network + "/subnets/new"
	long := strings.Repeat("x", 10000)
	for _, c := range []struct {
		form  string
		field string
		value string
		want  string
	}{
		{"/networks/new", "cidrs", "", "Enter at least one IPv4 range"},
		{"/networks/new", "cidrs", "10.0.0.1/16", "has host bits set"},
		{"/networks/new", "cidrs", "10.0.0.0/16 10.0.0.0/24", "overlaps with"},
		{"/networks/new", "cidrs", "fd00::/64", "IPv6"},
		{"/networks/new", "cidrs", "<script>alert(1)</script>", "not an IPv4 range"},
		{"/networks/new", "name", "", "Enter a name"},
		{"/networks/new", "name", `<script>alert(1)</script>`, "is not allowed"},
		{"/networks/new", "name", "two\nlines", "a line break is not allowed"},
		{"/networks/new", "name", `it's "quoted"`, "is not allowed"},
		{"/networks/new", "name", long, "10000 characters"},
		{subnets, "cidr", "10.9.0.0/24", "is not inside the network"},
		{subnets, "cidr", "10.0.0.128/25", "overlaps with subnet office-a"},
		{subnets, "cidr", "10.0.9.0/28", "too small"},
		{subnets, "cidr", "10.0.9.1/24", "has host bits set"},
		{subnets, "zone", "", "Enter an availability zone"},
		{subnets, "zone", "Zone A", "lower-case letters"},
		{subnets, "name", `"><img src=x onerror=alert(1)>`, "is not allowed"},
	} {
		v := url.Values{"name": {"fine"}, "cidrs": {"10.30.0.0/16"}, "cidr": {"10.0.9.0/24"}, "zone": {"zone-c"}}
		v.Set(c.field, c.value)
		p := u.Admin.Post(c.form, v)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s %.40q: got %d, want 422", c.field, c.value, p.Status)
			continue
		}
		p.WantRefusedField(c.field, c.want)
		if got := strings.TrimPrefix(p.Value(c.field), "\n"); strings.ReplaceAll(got, "\r", "") != c.value {
			t.Errorf("%s: the form holds %.60q, want %.60q as typed", c.field, got, c.value)
		}
		webtest.CheckMarkup(t, c.form, p)
	}
	if after := u.Digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s\nwas:\n%s", after, before)
	}
}

func TestNetworkTags(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	v := url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}, "tag_key": {"site", "", "team", ""}, "tag_value": {"berlin", "", "", ""}}
	network := b.Create("/networks/new", v)
	b.Get(network).WantText("dl", "site = berlin").WantText("dl", "team")
	v["tag_key"] = []string{"site", "site", "", ""}
	p := b.Post("/networks/new", v).WantStatus(http.StatusUnprocessableEntity).WantText("#tags-error", "is repeated").WantValue("tag_key", "site").WantValue("name", "office")
	webtest.CheckMarkup(t, "/networks/new", p)
	webtest.CheckMarkup(t, "/networks/new", b.Get("/networks/new"))
	b.Get(b.Create("/networks/new", url.Values{"name": {"bare"}, "cidrs": {"10.1.0.0/16"}})).WantText("dl", "Tags–")
}
