package endpoint_test

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
	"sallyport/web/webtest"
)

// fillChoices adds more certificates, networks and subnets than a select element lists.
func fillChoices(t *testing.T, u *webtest.Fixture) {
	t.Helper()
	n := vpn.MaxPageSize + 1
	u.Update(t, func(tx *store.Tx) error {
		for i := range n {
			for _, use := range []vpn.CertificateUse{vpn.UseServer, vpn.UseClient, vpn.UseAuthority} {
				authority := vpn.CertificateID(path.Base(u.Authority))
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
			err := tx.CreateSubnet(t.Context(), vpn.Subnet{ID: vpn.NewSubnetID(), Network: vpn.NetworkID(path.Base(u.Network)), Name: fmt.Sprintf("sub %03d", i), CIDR: cidr, Zone: "zone-c", CreatedAt: time.Now()})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func TestFormsWithVeryManyChoices(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	for _, form := range []string{"/endpoints/new", u.Endpoint + "/edit", "/certificates/issue", u.Endpoint + "/configuration", u.Endpoint + "/associations/new"} {
		if p := u.Admin.Get(form).WantStatus(http.StatusOK); p.Doc.Find("#find").Length() != 0 {
			t.Errorf("%s offers a search where there is little to choose from", form)
		}
	}
	fillChoices(t, u)
	for _, c := range []struct{ form, field, find, wanted string }{
		{"/endpoints/new", "certificate", "server", path.Base(u.Server)},
		{"/endpoints/new", "client_ca", "Example CA", path.Base(u.Authority)},
		{"/certificates/issue", "authority", "Example CA", path.Base(u.Authority)},
		{u.Endpoint + "/configuration", "client", "alice", path.Base(u.Client)},
	} {
		p := u.Admin.Get(c.form).WantStatus(http.StatusOK).WantText("#find-help", "There are more")
		webtest.CheckMarkup(t, c.form, p)
		if got := p.Options(c.field); len(got) == 0 || len(got) > vpn.MaxPageSize || got[c.wanted] != "" {
			t.Errorf("%s offers %d choices; want the newest %d and the oldest not among them", c.form, len(got), vpn.MaxPageSize)
		}
		p = u.Admin.Get(c.form + "?find=" + url.QueryEscape(c.find)).WantStatus(http.StatusOK)
		webtest.CheckMarkup(t, c.form, p)
		if c.field != "certificate" && p.Options(c.field)[c.wanted] == "" { // "server" is in every name
			t.Errorf("%s: a search for %s does not offer it: %v", c.form, c.find, p.Options(c.field))
		}
	}
	// The choice stays when the form is refused.
	if got := u.Admin.Get(u.Endpoint + "/edit").Value("certificate"); got != path.Base(u.Server) {
		t.Errorf("the form to modify the endpoint has the certificate %q, want its own", got)
	}
	v := u.EndpointForm("x", "10.40.0.0/11", "1194")
	v.Set("client_ca", path.Base(u.Authority))
	p := u.Admin.Post("/endpoints/new", v).WantStatus(http.StatusUnprocessableEntity)
	p.WantValue("certificate", path.Base(u.Server)).WantValue("client_ca", path.Base(u.Authority))
	if got := u.Admin.Get("/endpoints/new?find=no+such+certificate").WantStatus(http.StatusOK).Options("certificate"); len(got) != 0 {
		t.Errorf("a search for nothing offers %v", got)
	}
}

func TestAssociatingAmongVeryManySubnets(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	fillChoices(t, u)
	form := u.Endpoint + "/associations/new"
	p := u.Admin.Get(form).WantStatus(http.StatusOK).WantText("#find-help", "There are more networks")
	webtest.CheckMarkup(t, form, p)
	p = u.Admin.Get(form + "?find=office")
	if got := p.Options("network"); len(got) != 1 || got[path.Base(u.Network)] == "" {
		t.Fatalf("a search for office offers the networks %v", got)
	}
	network := "?network=" + path.Base(u.Network)
	p = u.Admin.Get(form+network).WantText("#find-help", "There are more subnets")
	webtest.CheckMarkup(t, form, p)
	if n := len(p.Options("subnet")); n != vpn.MaxPageSize {
		t.Errorf("the chosen network offers %d subnets, want %d", n, vpn.MaxPageSize)
	}
	p = u.Admin.Get(form + network + "&find=sub+200")
	if got := p.Options("subnet"); len(got) != 1 {
		t.Errorf("a search for one subnet offers %v", got)
	}
	if got, _ := p.Doc.Find("form[role=search] input[name=network]").Attr("value"); got != path.Base(u.Network) {
		t.Errorf("the search forgets the network: %q", got)
	}
	var last string
	for last = range p.Options("subnet") {
	}
	u.Admin.Create(form, url.Values{"network": {path.Base(u.Network)}, "subnet": {last}})
	// The refused form still has the choice.
	p = u.Admin.Post(form, url.Values{"network": {path.Base(u.Network)}, "subnet": {last}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("subnet", "already associated")
	if p.Options("subnet")[last] == "" {
		t.Error("the refused form has lost the chosen subnet")
	}
}
