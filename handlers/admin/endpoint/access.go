package endpoint

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Access tells who reaches what through an endpoint.
type Access struct{ *common }

// accessInput is a question as typed. It is in the query, so that a question with its answer can be sent to another administrator.
type accessInput struct {
	destination, user string
	groups            []string
}

func accessInputOf(c echo.Context) accessInput {
	text := func(name string) string { return vpn.SearchText(c.QueryParam(name)) }
	in := accessInput{destination: text(views.AccessToParam), user: text(views.AccessUserParam)}
	for _, g := range c.QueryParams()[views.AccessGroupParam] {
		if vpn.WellFormedGroupID(g) && len(in.groups) < vpn.MaxGroups {
			in.groups = append(in.groups, g)
		}
	}
	return in
}

// Test shows the page Test access, with the answer where the query has a question.
func (h *Access) Test(c echo.Context) error {
	ctx, by, id := page.Context(c), page.Principal(c), endpointID(c)
	view, err := h.endpoints.Endpoint(ctx, by, id)
	if err != nil {
		return err
	}
	in := accessInputOf(c)
	v := views.AccessPage{Endpoint: view.Endpoint}
	var refused error
	if c.QueryParams().Has(views.AccessToParam) {
		var test endpoint.AccessTest
		test, refused = h.endpoints.TestAccess(ctx, by, id, endpoint.AccessRequest{Destination: in.destination, User: in.user, Groups: in.groups})
		if refused != nil && !page.BelongsInForm(refused) {
			return refused
		}
		if refused == nil {
			result := accessResult(test, by.Role.MayChange() && !view.Deleting)
			v.Answer = &result
		}
	}
	if in.user, err = h.endpoints.AccessUserName(ctx, by, id, in.user); err != nil {
		return err
	}
	if v.Groups.List, err = h.endpoints.RuleGroups(ctx, by, id); err != nil {
		return err
	}
	v.Header = parts.Header{Crumbs: endpointCrumbs(view.Endpoint, ""), Title: "Test access",
		Note: "Tells whether clients reach an address: which rule decides, through which route and target network, and why not. No packet is sent."}
	v.Refused = parts.Form{Fields: in.fields(view)}
	page.Fail(&v.Refused, refused)
	v.Destination, v.User = v.Refused.Fields[0], v.Refused.Fields[1]
	v.Groups.Picked, v.Groups.Err = in.groups, v.Refused.Fields[2].Err
	v.Chrome = h.pages.Chrome(c, "Test access · "+views.NameOr(view.Name, view.ID), "endpoints")
	return page.RenderForm(c, refused, views.Access(v))
}

// fields are the controls of the form; the last stands for the groups.
func (in accessInput) fields(view endpoint.View) []parts.Field {
	user := parts.Field{Name: views.AccessUserParam, Label: "User", Value: in.user, Autocomplete: "off",
		Help: "Name of a user who has signed in before: the groups as last seen count."}
	if !view.UserBased() {
		user.Help = "Common name of a client that has connected before."
	}
	return []parts.Field{
		{Name: views.AccessToParam, Label: "Destination address", Value: in.destination, Required: true, Mono: true, Placeholder: "10.0.2.77", Autocomplete: "off", InputMode: "decimal", Focus: in.destination == "",
			Help: "IPv4 address that clients send to. Rules hold for every protocol and port."},
		user,
		{Name: views.AccessGroupParam, Label: "Access groups"},
	}
}

// accessResult is an answer as its page shows it. may: the reader can add what is missing.
func accessResult(t endpoint.AccessTest, may bool) views.AccessResult {
	r := views.AccessResult{
		AccessAnswer: t.AccessAnswer, Who: accessWho(t), Groups: t.Groups, User: t.User, Wider: t.Wider, Connected: t.Connections,
		Out: t.Out, OutUnknown: t.OutUnknown, SourceNAT: t.Endpoint.SourceNAT, HolderName: t.Holder.Username, Other: t.Other,
	}
	for _, w := range t.Ways {
		r.Ways = append(r.Ways, views.AccessWay{AccessWay: w.AccessWay, Target: w.Target, Routes: w.Routes, Connected: w.Connections})
	}
	for _, rule := range t.Deciding {
		r.Deciding = append(r.Deciding, views.AccessRule{RuleStatus: rule.RuleStatus, Grants: rule.Grants})
	}
	if t.User.Blocked() {
		r.Notes = append(r.Notes, t.User.Name+" is blocked and cannot connect.")
	}
	if t.EndpointWait != "" {
		r.Notes = append(r.Notes, "No client can connect at present. "+t.EndpointWait)
	} else if t.Waiting != "" {
		r.Notes = append(r.Notes, "This is the answer once every change is in effect. "+t.Waiting)
	}
	if t.Verdict == vpn.Allow && accessDoubtful(t) {
		r.Notes = append(r.Notes, "Only the default route of this host leads there ("+t.Out.Hop()+"). If the router does not lead to it, packets do not arrive.")
	}
	if may {
		r.Next = accessNext(t)
	}
	return r
}

// accessWho names who the question is about.
func accessWho(t endpoint.AccessTest) string {
	switch n := len(t.Groups); {
	case t.User.ID != "":
		return t.User.Name
	case n == 1:
		return "a user of group " + t.Groups[0].Label()
	case n > 1:
		return fmt.Sprintf("a user of these %d groups", n)
	case t.Endpoint.UserBased():
		return "a user in no group"
	}
	return "a client"
}

// accessNext leads to what would let the packets pass, and where they pass to a test of the way; none: nothing that the console can
// change would.
func accessNext(t endpoint.AccessTest) []parts.Button {
	form := func(label string, to netip.Prefix, path ...string) parts.Button {
		return parts.Button{Label: label, Href: views.ForDestinationPath(t.Endpoint.ID, to, path...)}
	}
	single := netip.PrefixFrom(t.Destination, t.Destination.BitLen())
	deciding := single
	if len(t.Deciding) > 0 {
		deciding = t.Deciding[0].Destination
	}
	rule, routes := form("Add authorization rule", single, "rules", "new"), parts.Button{Label: "Show route table", Href: views.EndpointPath(t.Endpoint.ID, "routes")}
	hostWay := parts.Button{Label: "How the host gets a way", Href: views.RoutesHelpPath}
	switch {
	case len(t.Ways) == 0:
		return []parts.Button{{Label: "Associate target network", Href: views.EndpointPath(t.Endpoint.ID, "associations", "new")}}
	case t.Verdict == vpn.DenyNoRule, t.Verdict == vpn.DenyHost:
		return []parts.Button{rule}
	case t.Verdict == vpn.DenyGroup:
		return []parts.Button{form("Add authorization rule", deciding, "rules", "new")}
	case t.Verdict == vpn.DenyNoRoute && slices.ContainsFunc(t.Ways, func(w endpoint.TestedWay) bool { return len(w.Routes) > 0 }), t.Verdict == vpn.Allow && t.Partly:
		return []parts.Button{routes} // it offers the routes that are missing
	case t.Verdict == vpn.DenyNoRoute && len(t.Deciding) == 0:
		return []parts.Button{form("Create route", deciding, "routes", "new"), rule}
	case t.Verdict == vpn.DenyNoRoute:
		return []parts.Button{form("Create route", deciding, "routes", "new")}
	case t.Verdict == vpn.DenyOtherClient:
		return []parts.Button{form("Create route", t.Endpoint.ClientCIDR, "routes", "new")}
	case t.Verdict == vpn.DenyNoWay:
		return append(accessProbe(t), hostWay)
	case t.Verdict == vpn.Allow && accessDoubtful(t):
		return append(accessProbe(t), hostWay)
	case t.Verdict == vpn.Allow:
		return accessProbe(t)
	}
	return nil
}

// accessProbe leads to the test of the target network that has the address, where one has.
func accessProbe(t endpoint.AccessTest) []parts.Button {
	for _, w := range t.Ways {
		if a := w.Target; a.CIDR.Contains(t.Destination) && a.Removed == 0 {
			return []parts.Button{{Label: "Test whether " + t.Destination.String() + " answers", Href: views.AssociationTestOfPath(t.Endpoint.ID, a.ID, t.Destination)}}
		}
	}
	return nil
}

// accessDoubtful tells whether the host knows the way to a private address by its default route alone, and no test has shown that it leads
// there.
func accessDoubtful(t endpoint.AccessTest) bool {
	return t.Out.Doubtful() && !slices.ContainsFunc(t.Ways, func(w endpoint.TestedWay) bool {
		return w.Target.CIDR.Contains(t.Destination) && w.Target.Test.Proves(vpn.Way{Subnet: w.Target.CIDR, Interface: t.Out.Interface, Gateway: t.Out.Gateway})
	})
}
