package endpoint

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/probe"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type probeInput struct {
	Kind    string `form:"kind"`
	Address string `form:"address"`
	Port    string `form:"port"`
}

// probeInputOf fills the form with the last test, or with what is likely.
func probeInputOf(a vpn.AssociationStatus) probeInput {
	if last := a.Test; !last.At.IsZero() && a.CIDR.Contains(last.Address) {
		in := probeInput{Kind: string(last.Kind), Address: last.Address.String()}
		if last.Port != 0 {
			in.Port = strconv.Itoa(int(last.Port))
		}
		return in
	}
	return probeInput{Kind: string(vpn.ProbeICMP), Address: vpn.FirstHost(a.CIDR).String()}
}

func (in probeInput) form(v probe.View) parts.Form {
	return parts.Form{
		Action: views.AssociationTestPath(v.Endpoint.ID, v.Association.ID), Submit: "Test", Cancel: views.EndpointPath(v.Endpoint.ID, "associations"),
		Fields: []parts.Field{
			{Name: "address", Label: "IPv4 address", Value: in.Address, Mono: true, Required: true, MaxLength: 15, InputMode: "decimal",
				Help: "A host in " + v.Association.CIDR.String() + " that is switched on, for example its router or a server."},
			{Name: "kind", Label: "How to test", Type: "radio", Value: in.Kind, Required: true, Options: []parts.Option{
				{Value: string(vpn.ProbeICMP), Label: "Ping (ICMP echo)", Help: "The host is asked up to three times, once a second."},
				{Value: string(vpn.ProbeTCP), Label: "Open a TCP port", Help: "A connection is opened and closed at once. A closed port is an answer too."},
			}},
			{Name: "port", Label: "TCP port", Value: in.Port, Mono: true, MaxLength: 5, InputMode: "numeric", Help: "For a test by TCP: a port that is open there, for example 22, 443 or 445.",
				Follow: parts.Follow{Choice: "kind", Chosen: in.Kind, Shown: []string{string(vpn.ProbeTCP)}, Required: []string{string(vpn.ProbeTCP)}}},
		},
	}
}

func (h *Associations) renderProbe(c echo.Context, in *probeInput, refused error) error {
	v, err := h.probes.View(page.Context(c), page.Principal(c), endpointID(c), associationID(c))
	if err != nil {
		return err
	}
	a := v.Association
	if in == nil {
		last := probeInputOf(a)
		if typed := c.QueryParam(views.TestedAddressParam); typed != "" {
			last.Address = vpn.SearchText(typed)
		}
		in = &last
	}
	name := views.NameOr(a.SubnetName, a.Subnet)
	out := views.AssociationTest{
		Header: parts.Header{Crumbs: endpointCrumbs(vpn.Endpoint{ID: v.Endpoint.ID, Name: v.Endpoint.Name}, "associations"), Title: "Test target network " + name,
			Note: "Packets are sent from this host, as those of clients are."},
		Association: a, Form: in.form(v), At: parts.At(h.pages.Now(), a.Test.At),
	}
	page.Fail(&out.Form, refused)
	out.Chrome = h.pages.Chrome(c, out.Header.Title, "endpoints")
	return page.RenderForm(c, refused, views.AssociationTestPage(out))
}

// ProbeForm shows how a target network is reached, its last test, and the form for another one.
func (h *Associations) ProbeForm(c echo.Context) error { return h.renderProbe(c, nil, nil) }

// Probe asks a host of a target network. What came back is on the page that follows.
func (h *Associations) Probe(c echo.Context) error {
	var in probeInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	_, err := h.probes.Test(page.Context(c), page.Principal(c), endpointID(c), associationID(c), vpn.ProbeSpec{Kind: in.Kind, Address: in.Address, Port: in.Port})
	if page.BelongsInForm(err) || vpn.KindOf(err) == vpn.Throttled || vpn.KindOf(err) == vpn.Unavailable {
		return h.renderProbe(c, &in, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.AssociationTestPath(endpointID(c), associationID(c)))
}
