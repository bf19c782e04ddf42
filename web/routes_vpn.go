package web

import (
	"sallyport/handlers/admin"
)

// vpnRoutes is every URL of networks, certificates and endpoints. The page with a form has the policy
// of the change that the form makes.
func vpnRoutes(h *admin.Console) []route {
	const (
		network      = "/networks/:network"
		certificate  = "/certificates/:certificate"
		endpoint     = "/endpoints/:endpoint"
		associations = endpoint + "/associations"
		rules        = endpoint + "/rules"
		routeTable   = endpoint + "/routes"
	)
	return []route{
		{get, "/networks", h.Network.Networks.List, signedIn},
		{get, "/networks/new", h.Network.Networks.New, mayChange},
		{post, "/networks/new", h.Network.Networks.Create, mayChange},
		{get, network, h.Network.Networks.View, signedIn},
		{get, network + "/delete", h.Network.Networks.DeleteForm, mayChange},
		{post, network + "/delete", h.Network.Networks.Delete, mayChange},
		{get, network + "/subnets/new", h.Network.Subnets.New, mayChange},
		{post, network + "/subnets/new", h.Network.Subnets.Create, mayChange},
		{get, "/subnets/:subnet/delete", h.Network.Subnets.DeleteForm, mayChange},
		{post, "/subnets/:subnet/delete", h.Network.Subnets.Delete, mayChange},

		{get, "/certificates", h.Certificates.List, signedIn},
		{get, "/certificates/authority/new", h.Certificates.AuthorityForm, mayChange},
		{post, "/certificates/authority/new", h.Certificates.CreateAuthority, mayChange},
		{get, "/certificates/issue", h.Certificates.IssueForm, mayChange},
		{post, "/certificates/issue", h.Certificates.Issue, mayChange},
		{get, "/certificates/import", h.Certificates.ImportForm, mayChange},
		{post, "/certificates/import", h.Certificates.Import, mayChange},
		{get, "/certificates/blocked", h.Certificates.Blocked, signedIn},
		{get, "/certificates/blocked/:fingerprint/unblock", h.Certificates.UnblockForm, mayChange},
		{post, "/certificates/blocked/:fingerprint/unblock", h.Certificates.Unblock, mayChange},
		{get, certificate, h.Certificates.View, signedIn},
		{get, certificate + "/download", h.Certificates.Download, signedIn},
		{post, certificate + "/key", h.Certificates.TakeKey, mayChange},
		{get, certificate + "/block", h.Certificates.BlockForm, mayChange},
		{post, certificate + "/block", h.Certificates.Block, mayChange},
		{get, certificate + "/delete", h.Certificates.DeleteForm, mayChange},
		{post, certificate + "/delete", h.Certificates.Delete, mayChange},

		{get, "/endpoints", h.Endpoint.Endpoints.List, signedIn},
		{get, "/endpoints/new", h.Endpoint.Endpoints.New, mayChange},
		{post, "/endpoints/new", h.Endpoint.Endpoints.Create, mayChange},
		{get, endpoint, h.Endpoint.Endpoints.View, signedIn},
		{get, endpoint + "/edit", h.Endpoint.Endpoints.EditForm, mayChange},
		{post, endpoint + "/edit", h.Endpoint.Endpoints.Edit, mayChange},
		{get, endpoint + "/delete", h.Endpoint.Endpoints.DeleteForm, mayChange},
		{post, endpoint + "/delete", h.Endpoint.Endpoints.Delete, mayChange},
		{get, endpoint + "/tags", h.Endpoint.Endpoints.Tags, signedIn},
		{post, endpoint + "/tags", h.Endpoint.Endpoints.SaveTags, mayChange},

		{get, associations, h.Endpoint.Associations.List, signedIn},
		{get, associations + "/new", h.Endpoint.Associations.New, mayChange},
		{post, associations + "/new", h.Endpoint.Associations.Create, mayChange},
		{get, associations + "/:association/delete", h.Endpoint.Associations.RemoveForm, mayChange},
		{post, associations + "/:association/delete", h.Endpoint.Associations.Remove, mayChange},

		{get, rules, h.Endpoint.Rules.List, signedIn},
		{get, rules + "/new", h.Endpoint.Rules.New, mayChange},
		{post, rules + "/new", h.Endpoint.Rules.Authorize, mayChange},
		{get, rules + "/:rule/delete", h.Endpoint.Rules.RevokeForm, mayChange},
		{post, rules + "/:rule/delete", h.Endpoint.Rules.Revoke, mayChange},

		{get, routeTable, h.Endpoint.Routes.List, signedIn},
		{get, routeTable + "/new", h.Endpoint.Routes.New, mayChange},
		{post, routeTable + "/new", h.Endpoint.Routes.Create, mayChange},
		{get, routeTable + "/:route/delete", h.Endpoint.Routes.DeleteForm, mayChange},
		{post, routeTable + "/:route/delete", h.Endpoint.Routes.Delete, mayChange},

		{get, "/connections", h.Endpoint.Connections.ListAll, signedIn},
		{get, endpoint + "/connections", h.Endpoint.Connections.List, signedIn},
		{get, endpoint + "/connections/terminate", h.Endpoint.Connections.TerminateForm, mayChange},
		{post, endpoint + "/connections/terminate", h.Endpoint.Connections.Terminate, mayChange},

		{get, endpoint + "/connections/:connection/block", h.Certificates.BlockOfConnectionForm, mayChange},
		{post, endpoint + "/connections/:connection/block", h.Certificates.BlockOfConnection, mayChange},

		{get, endpoint + "/configuration", h.Endpoint.Configuration.View, signedIn},
		{get, endpoint + "/configuration/download", h.Endpoint.Configuration.Download, signedIn},
		{post, endpoint + "/configuration", h.Endpoint.Configuration.DownloadWithClient, mayChange},
	}
}
