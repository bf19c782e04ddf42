package admin

import (
	"cmp"

	"sallyport/views/help"
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// SearchPage is what a search of everything found.
type SearchPage struct {
	Chrome layout.Chrome
	Text   string
	Groups []SearchGroup
	Help   []help.Found
}

// SearchGroup is what was found of one kind.
type SearchGroup struct {
	Label string
	Hits  []SearchHit
	All   string // URL of the list with the same search, where there may be more; empty: none
}

// SearchHit is one thing that was found.
type SearchHit struct{ Label, Note, ID, Href string }

// SearchGroups describes what was found, without the kinds of which nothing was.
func SearchGroups(text string, r vpn.SearchResult) []SearchGroup {
	on := func(id vpn.EndpointID) string { return "on endpoint " + cmp.Or(r.EndpointNames[id], string(id)) }
	described := func(description string, id vpn.EndpointID) string {
		if description == "" {
			return on(id)
		}
		return description + ", " + on(id)
	}
	groups := []SearchGroup{
		group("Client VPN endpoints", "/endpoints", text, r.Endpoints, func(e vpn.Endpoint) SearchHit {
			return SearchHit{NameOr(e.Name, e.ID), e.ClientCIDR.String(), string(e.ID), EndpointPath(e.ID)}
		}),
		group("Networks", "/networks", text, r.Networks, func(n vpn.Network) SearchHit {
			return SearchHit{NameOr(n.Name, n.ID), Prefixes(n.CIDRs), string(n.ID), NetworkPath(n.ID)}
		}),
		group("Subnets", "", text, r.Subnets, func(s vpn.Subnet) SearchHit {
			return SearchHit{NameOr(s.Name, s.ID), s.CIDR.String() + " in " + s.Zone, string(s.ID), NetworkPath(s.Network)}
		}),
		group("Authorization rules", "", text, r.Rules, func(x vpn.Rule) SearchHit {
			return SearchHit{x.Destination.String() + " for " + cmp.Or(x.Group, "all users"), described(x.Description, x.Endpoint), string(x.ID), EndpointPath(x.Endpoint, "rules") + query("q", x.Destination.String())}
		}),
		group("Routes", "", text, r.Routes, func(x vpn.Route) SearchHit {
			return SearchHit{x.Destination.String(), described(x.Description, x.Endpoint), string(x.ID), EndpointPath(x.Endpoint, "routes") + query("q", x.Destination.String())}
		}),
		group("Connections", "/connections", text, r.Connections, func(x vpn.Connection) SearchHit {
			return SearchHit{cmp.Or(x.Username, string(x.ID)), on(x.Endpoint) + ", " + string(x.Status), string(x.ID), EndpointPath(x.Endpoint, "connections") + query("q", string(x.ID))}
		}),
		group("Users", "/users", text, r.Users, func(u vpn.User) SearchHit {
			return SearchHit{NameOr(u.Name, u.ID), "", string(u.ID), UserPath(u.ID)}
		}),
		group("Groups", "/users/groups", text, r.Groups, func(g vpn.UserGroup) SearchHit {
			return SearchHit{cmp.Or(g.Name, g.ID), g.ID, string(g.Key), UserGroupPath(g.Key)}
		}),
		group("Directories", "/identity-providers", text, r.Directories, func(d vpn.Directory) SearchHit {
			return SearchHit{d.Label(), "", string(d.ID), DirectoryPath(d.ID)}
		}),
		group("SAML providers", "/identity-providers/saml", text, r.Providers, func(p vpn.SAMLProvider) SearchHit {
			return SearchHit{NameOr(p.Name, p.ID), p.Metadata.EntityID, string(p.ID), SAMLProviderPath(p.ID)}
		}),
		group("Certificates", "/certificates", text, r.Certificates, func(x vpn.Certificate) SearchHit {
			return SearchHit{NameOr(x.Name, x.ID), string(x.Use) + " certificate, serial number " + x.Serial, string(x.ID), CertificatePath(x.ID)}
		}),
		group("Administrators", "/administrators", text, r.Administrators, func(a vpn.Administrator) SearchHit {
			return SearchHit{a.Username, string(a.Role), string(a.ID), "/administrators" + query("q", a.Username)}
		}),
	}
	var out []SearchGroup
	for _, g := range groups {
		if len(g.Hits) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func group[T any](label, list, text string, found []T, hit func(T) SearchHit) SearchGroup {
	g := SearchGroup{Label: label}
	for _, x := range found {
		g.Hits = append(g.Hits, hit(x))
	}
	if len(found) == vpn.SearchEach && list != "" {
		g.All = list + query("q", text)
	}
	return g
}

// HelpPage is a page of the help, or its index.
type HelpPage struct {
	Chrome layout.Chrome
	Page   help.Page
	Pages  []help.Page
	Search string
	Found  []help.Found
}

func (v HelpPage) header() parts.Header {
	if v.Page.Name == "" {
		return parts.Header{Title: "Help", Note: "The documentation of this program, for administrators and for users of the VPN."}
	}
	return parts.Header{Title: v.Page.Title, Crumbs: []parts.Crumb{{Label: "Help", Href: help.Path}}}
}
