package web

import "sallyport/handlers/admin"

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
		{get, "/networks", h.Networks, signedIn},
		{get, "/networks/new", h.NetworkNew, mayChange},
		{post, "/networks/new", h.NetworkCreate, mayChange},
		{get, network, h.Network, signedIn},
		{get, network + "/delete", h.NetworkDeleteForm, mayChange},
		{post, network + "/delete", h.NetworkDelete, mayChange},
		{get, network + "/subnets/new", h.SubnetNew, mayChange},
		{post, network + "/subnets/new", h.SubnetCreate, mayChange},
		{get, "/subnets/:subnet/delete", h.SubnetDeleteForm, mayChange},
		{post, "/subnets/:subnet/delete", h.SubnetDelete, mayChange},

		{get, "/certificates", h.Certificates, signedIn},
		{get, "/certificates/authority/new", h.AuthorityNew, mayChange},
		{post, "/certificates/authority/new", h.AuthorityCreate, mayChange},
		{get, "/certificates/issue", h.CertificateIssueForm, mayChange},
		{post, "/certificates/issue", h.CertificateIssue, mayChange},
		{get, "/certificates/import", h.CertificateImportForm, mayChange},
		{post, "/certificates/import", h.CertificateImport, mayChange},
		{get, certificate, h.Certificate, signedIn},
		{get, certificate + "/download", h.CertificateDownload, signedIn},
		{post, certificate + "/key", h.CertificateKey, mayChange},
		{get, certificate + "/delete", h.CertificateDeleteForm, mayChange},
		{post, certificate + "/delete", h.CertificateDelete, mayChange},

		{get, "/endpoints", h.Endpoints, signedIn},
		{get, "/endpoints/new", h.EndpointNew, mayChange},
		{post, "/endpoints/new", h.EndpointCreate, mayChange},
		{get, endpoint, h.Endpoint, signedIn},
		{get, endpoint + "/edit", h.EndpointEditForm, mayChange},
		{post, endpoint + "/edit", h.EndpointEdit, mayChange},
		{get, endpoint + "/delete", h.EndpointDeleteForm, mayChange},
		{post, endpoint + "/delete", h.EndpointDelete, mayChange},
		{get, endpoint + "/tags", h.EndpointTags, signedIn},
		{post, endpoint + "/tags", h.EndpointTagsSave, mayChange},

		{get, associations, h.EndpointAssociations, signedIn},
		{get, associations + "/new", h.AssociationNew, mayChange},
		{post, associations + "/new", h.AssociationCreate, mayChange},
		{get, associations + "/:association/delete", h.AssociationRemoveForm, mayChange},
		{post, associations + "/:association/delete", h.AssociationRemove, mayChange},

		{get, rules, h.EndpointRules, signedIn},
		{get, rules + "/new", h.RuleNew, mayChange},
		{post, rules + "/new", h.RuleAuthorize, mayChange},
		{get, rules + "/:rule/delete", h.RuleRevokeForm, mayChange},
		{post, rules + "/:rule/delete", h.RuleRevoke, mayChange},

		{get, routeTable, h.EndpointRoutes, signedIn},
		{get, routeTable + "/new", h.RouteNew, mayChange},
		{post, routeTable + "/new", h.RouteCreate, mayChange},
		{get, routeTable + "/:route/delete", h.RouteDeleteForm, mayChange},
		{post, routeTable + "/:route/delete", h.RouteDelete, mayChange},

		{get, endpoint + "/connections", h.EndpointConnections, signedIn},
		{get, endpoint + "/connections/terminate", h.ConnectionTerminateForm, mayChange},
		{post, endpoint + "/connections/terminate", h.ConnectionTerminate, mayChange},

		{get, endpoint + "/configuration", h.Configuration, signedIn},
		{get, endpoint + "/configuration/download", h.ConfigurationDownload, signedIn},
		{post, endpoint + "/configuration", h.ConfigurationWithClient, mayChange},
	}
}
