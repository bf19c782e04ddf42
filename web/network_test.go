package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestNetworkAndSubnets(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	b.get("/networks").wantStatus(http.StatusOK).wantText(".empty", "No networks yet").wantText(".empty a", "Create network")

	p := b.follow(b.post("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16, 10.1.0.0/16"}}))
	p.wantText("h1", "office").wantText("[role=status]", "created").wantText("dl", "10.0.0.0/16, 10.1.0.0/16").wantText(".empty", "No subnets yet")
	network, _ := p.doc.Find(".empty a").Attr("href")
	p = b.follow(b.post(network, url.Values{"name": {"a"}, "cidr": {"10.0.0.0/27"}, "zone": {"zone-a"}}))
	p.row("10.0.0.0/27").wantText("td", "zone-a")
	checkMarkup(t, "network", p)
	b.get("/networks").row("office").wantText("td.text-end", "1")
}

// badNetworks: what is typed, and the sentence that comes back beside the field.
func TestBadNetworksChangeNothing(t *testing.T) {
	t.Parallel()
	u := began(t)
	before := u.digest(t)
	subnets := u.network + "/subnets/new"
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
		{"/networks/new", "name", `<script>alert(1)</script>`, "is none of these"},
		{"/networks/new", "name", "two\nlines", "a line break is none of these"},
		{"/networks/new", "name", `it's "quoted"`, "is none of these"},
		{"/networks/new", "name", long, "10000 characters"},
		{subnets, "cidr", "10.9.0.0/24", "is not inside the network"},
		{subnets, "cidr", "10.0.0.128/25", "overlaps with subnet office-a"},
		{subnets, "cidr", "10.0.9.0/28", "too small"},
		{subnets, "cidr", "10.0.9.1/24", "has host bits set"},
		{subnets, "zone", "", "Enter an availability zone"},
		{subnets, "zone", "Zone A", "lower-case letters"},
		{subnets, "name", `"><img src=x onerror=alert(1)>`, "is none of these"},
	} {
		v := url.Values{"name": {"fine"}, "cidrs": {"10.30.0.0/16"}, "cidr": {"10.0.9.0/24"}, "zone": {"zone-c"}}
		v.Set(c.field, c.value)
		p := u.b.post(c.form, v)
		if p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s %.40q: got %d, want 422", c.field, c.value, p.status)
			continue
		}
		p.wantRefusedField(c.field, c.want)
		if got := strings.TrimPrefix(p.value(c.field), "\n"); strings.ReplaceAll(got, "\r", "") != c.value {
			t.Errorf("%s: the form holds %.60q, want %.60q as typed", c.field, got, c.value)
		}
		checkMarkup(t, c.form, p)
	}
	if after := u.digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s\nwas:\n%s", after, before)
	}
}

func TestNetworkTags(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	v := url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}, "tag_key": {"site", "", "team", ""}, "tag_value": {"berlin", "", "", ""}}
	network := b.make("/networks/new", v)
	b.get(network).wantText("dl", "site = berlin").wantText("dl", "team")
	v["tag_key"] = []string{"site", "site", "", ""}
	p := b.post("/networks/new", v).wantStatus(http.StatusUnprocessableEntity).wantText("#tags-error", "is there twice").wantValue("tag_key", "site").wantValue("name", "office")
	checkMarkup(t, "/networks/new", p)
	checkMarkup(t, "/networks/new", b.get("/networks/new"))
	b.get(b.make("/networks/new", url.Values{"name": {"bare"}, "cidrs": {"10.1.0.0/16"}})).wantText("dl", "Tags–")
}

func TestNetworksInUseStay(t *testing.T) {
	t.Parallel()
	u := ready(t)
	before := u.digest(t)
	p := u.b.get(u.network+"/delete").wantText("h1", "Delete network office?").wantText("main", "2 subnets").wantText(".alert", "while it has subnets")
	wantNoButton(t, p)
	u.b.post(u.network+"/delete", nil).wantStatus(http.StatusUnprocessableEntity).wantText("[role=alert]", "still has 2 subnets")
	subnet := "/subnets/" + u.zoneA + "/delete"
	for _, page := range []string{subnet, u.network} { // by its name, which leads to it
		if link := u.b.get(page).doc.Find(`main a[href="` + u.endpoint + `"]`); link.Text() != "main" {
			t.Errorf("%s: the link to the endpoint reads %q, want main", page, link.Text())
		}
	}
	wantNoButton(t, u.b.get(subnet).wantText(".alert", "while it is the target network"))
	u.b.post(subnet, nil).wantStatus(http.StatusUnprocessableEntity).wantText("[role=alert]", "is a target network of endpoint main.")
	if after := u.digest(t); after != before {
		t.Errorf("refusals changed something:\n%s\nwas:\n%s", after, before)
	}
	wantButton(t, u.b.get("/subnets/"+u.zoneB+"/delete"), "Delete")
	p = u.b.follow(u.b.post("/subnets/"+u.zoneB+"/delete", nil))
	if strings.Contains(p.text("tbody"), "10.0.1.0/24") {
		t.Error("the unused subnet is still there after its deletion")
	}
	u.b.get("/networks/vpc-none").wantStatus(http.StatusNotFound)
}
