package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// crowded gives the tutorial more of everything than a selection lists.
func crowded(t *testing.T, u *tutorial) {
	t.Helper()
	n := vpn.MaxPageSize + 1
	u.update(t, func(tx *store.Tx) error {
		for i := range n {
			for _, use := range []vpn.CertificateUse{vpn.UseServer, vpn.UseClient, vpn.UseAuthority} {
				authority := vpn.CertificateID(path.Base(u.authority))
				if use == vpn.UseAuthority {
					authority = ""
				}
				err := tx.CreateCertificate(t.Context(), vpn.Certificate{
					ID: vpn.NewCertificateID(), Name: fmt.Sprintf("%s %03d", use, i), CommonName: "many", Use: use, Authority: authority,
					Serial: fmt.Sprint(i), NotAfter: time.Now().Add(time.Hour), CreatedAt: time.Now().Add(time.Duration(i) * time.Second),
				}, "key")
				if err != nil {
					return err
				}
			}
			network := vpn.Network{ID: vpn.NewNetworkID(), Name: fmt.Sprintf("many %03d", i), CIDRs: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}, CreatedAt: time.Now(), Version: 1}
			if err := tx.CreateNetwork(t.Context(), network); err != nil {
				return err
			}
			cidr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 2 + byte(i/8), byte(i%8) * 32}), 27)
			err := tx.CreateSubnet(t.Context(), vpn.Subnet{ID: vpn.NewSubnetID(), Network: vpn.NetworkID(path.Base(u.network)), Name: fmt.Sprintf("sub %03d", i), CIDR: cidr, Zone: "zone-c", CreatedAt: time.Now()})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// options are the values that a selection offers.
func (p page) options(name string) map[string]string {
	out := map[string]string{}
	p.doc.Find(`select[name="` + name + `"] option`).Each(func(_ int, o *selection) {
		if v, _ := o.Attr("value"); v != "" {
			out[v] = o.Text()
		}
	})
	return out
}

func TestFormsWithVeryManyChoices(t *testing.T) {
	t.Parallel()
	u := began(t)
	for _, form := range []string{"/endpoints/new", u.endpoint + "/edit", "/certificates/issue", u.endpoint + "/configuration", u.endpoint + "/associations/new"} {
		if p := u.b.get(form).wantStatus(http.StatusOK); p.doc.Find("#find").Length() != 0 {
			t.Errorf("%s offers a search where there is little to choose from", form)
		}
	}
	crowded(t, u)
	for _, c := range []struct{ form, field, find, wanted string }{
		{"/endpoints/new", "certificate", "server", path.Base(u.server)},
		{"/endpoints/new", "client_ca", "Example CA", path.Base(u.authority)},
		{"/certificates/issue", "authority", "Example CA", path.Base(u.authority)},
		{u.endpoint + "/configuration", "client", "alice", path.Base(u.client)},
	} {
		p := u.b.get(c.form).wantStatus(http.StatusOK).wantText("#find-help", "There are more")
		checkMarkup(t, c.form, p)
		if got := p.options(c.field); len(got) == 0 || len(got) > vpn.MaxPageSize || got[c.wanted] != "" {
			t.Errorf("%s offers %d choices; want the newest %d and the oldest not among them", c.form, len(got), vpn.MaxPageSize)
		}
		p = u.b.get(c.form + "?find=" + url.QueryEscape(c.find)).wantStatus(http.StatusOK)
		checkMarkup(t, c.form, p)
		if c.field != "certificate" && p.options(c.field)[c.wanted] == "" { // "server" is in every name
			t.Errorf("%s: a search for %s does not offer it: %v", c.form, c.find, p.options(c.field))
		}
	}
	// What is chosen stays, also where the form comes back refused.
	if got := u.b.get(u.endpoint + "/edit").value("certificate"); got != path.Base(u.server) {
		t.Errorf("the form to modify the endpoint has the certificate %q, want its own", got)
	}
	v := u.endpointForm("x", "10.40.0.0/11", "1194")
	v.Set("client_ca", path.Base(u.authority))
	p := u.b.post("/endpoints/new", v).wantStatus(http.StatusUnprocessableEntity)
	p.wantValue("certificate", path.Base(u.server)).wantValue("client_ca", path.Base(u.authority))
	if got := u.b.get("/endpoints/new?find=no+such+certificate").wantStatus(http.StatusOK).options("certificate"); len(got) != 0 {
		t.Errorf("a search for nothing offers %v", got)
	}
}

func TestAssociatingAmongVeryManySubnets(t *testing.T) {
	t.Parallel()
	u := began(t)
	crowded(t, u)
	form := u.endpoint + "/associations/new"
	p := u.b.get(form).wantStatus(http.StatusOK).wantText("#find-help", "There are more networks")
	checkMarkup(t, form, p)
	p = u.b.get(form + "?find=office")
	if got := p.options("network"); len(got) != 1 || got[path.Base(u.network)] == "" {
		t.Fatalf("a search for office offers the networks %v", got)
	}
	network := "?network=" + path.Base(u.network)
	p = u.b.get(form+network).wantText("#find-help", "There are more subnets")
	checkMarkup(t, form, p)
	if n := len(p.options("subnet")); n != vpn.MaxPageSize {
		t.Errorf("the chosen network offers %d subnets, want %d", n, vpn.MaxPageSize)
	}
	p = u.b.get(form + network + "&find=sub+200")
	if got := p.options("subnet"); len(got) != 1 {
		t.Errorf("a search for one subnet offers %v", got)
	}
	if got, _ := p.doc.Find("form[role=search] input[name=network]").Attr("value"); got != path.Base(u.network) {
		t.Errorf("the search forgets the network: %q", got)
	}
	var last string
	for last = range p.options("subnet") {
	}
	u.b.make(form, url.Values{"network": {path.Base(u.network)}, "subnet": {last}})
	// Refused, the form still has what was chosen.
	p = u.b.post(form, url.Values{"network": {path.Base(u.network)}, "subnet": {last}}).wantStatus(http.StatusUnprocessableEntity).wantRefusedField("subnet", "already associated")
	if p.options("subnet")[last] == "" {
		t.Error("the refused form has lost the chosen subnet")
	}
}
