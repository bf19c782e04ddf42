package web

import (
	"sallyport/handlers/admin"
	"sallyport/vpn"
)

// vpnRoutes is every URL of networks, certificates and endpoints. The page with a form has the policy
// of the change that the form makes.
func vpnRoutes(h *admin.Console) []route {
	const (
		network      = "/networks/:network"
		directory    = "/identity-providers/directories/:directory"
		certificate  = "/certificates/:certificate"
		revocations  = certificate + "/revocation-list"
		endpoint     = "/endpoints/:endpoint"
		associations = endpoint + "/associations"
		rules        = endpoint + "/rules"
		routeTable   = endpoint + "/routes"
	)
	return []route{
		{get, "/networks", h.Network.Networks.List, signedIn},
		{get, "/networks/new", h.Network.Networks.New, may(vpn.CreateVpc)},
		{post, "/networks/new", h.Network.Networks.Create, may(vpn.CreateVpc)},
		{get, "/networks/delete", h.Network.Networks.DeleteSeveralForm, may(vpn.DeleteVpc)},
		{post, "/networks/delete", h.Network.Networks.DeleteSeveral, may(vpn.DeleteVpc)},
		{get, network, h.Network.Networks.View, signedIn},
		{get, network + "/delete", h.Network.Networks.DeleteForm, may(vpn.DeleteVpc)},
		{post, network + "/delete", h.Network.Networks.Delete, may(vpn.DeleteVpc)},
		{get, network + "/subnets/new", h.Network.Subnets.New, may(vpn.CreateSubnet)},
		{post, network + "/subnets/new", h.Network.Subnets.Create, may(vpn.CreateSubnet)},
		{get, network + "/subnets/delete", h.Network.Subnets.DeleteSeveralForm, may(vpn.DeleteSubnet)},
		{post, network + "/subnets/delete", h.Network.Subnets.DeleteSeveral, may(vpn.DeleteSubnet)},
		{get, "/subnets/:subnet/delete", h.Network.Subnets.DeleteForm, may(vpn.DeleteSubnet)},
		{post, "/subnets/:subnet/delete", h.Network.Subnets.Delete, may(vpn.DeleteSubnet)},

		{get, "/identity-providers", h.Directories.Open, signedIn},
		{get, "/identity-providers/directories", h.Directories.List, signedIn},
		{get, "/identity-providers/directories/new", h.Directories.New, may(vpn.CreateDirectory)},
		{post, "/identity-providers/directories/new", h.Directories.Create, may(vpn.CreateDirectory)},
		{get, directory, h.Directories.View, signedIn},
		{get, directory + "/edit", h.Directories.EditForm, may(vpn.ModifyDirectory)},
		{post, directory + "/edit", h.Directories.Edit, may(vpn.ModifyDirectory)},
		{get, directory + "/delete", h.Directories.DeleteForm, may(vpn.DeleteDirectory)},
		{post, directory + "/delete", h.Directories.Delete, may(vpn.DeleteDirectory)},
		{post, directory + "/test", h.Directories.Test, may(vpn.TestDirectorySignIn)},
		{get, directory + "/look-up", h.Directories.LookUpForm, may(vpn.ConfirmDirectoryLookUp)},
		{post, directory + "/look-up", h.Directories.ConfirmLookUp, may(vpn.ConfirmDirectoryLookUp)},
		{get, directory + "/mfa", h.Directories.Devices, signedIn},
		{get, directory + "/mfa/new", h.Directories.RegisterForm, may(vpn.RegisterMFADevice)},
		{post, directory + "/mfa/new", h.Directories.Register, may(vpn.RegisterMFADevice)},
		{get, directory + "/mfa/enrolment-code", h.Directories.EnrolmentCodeForm, may(vpn.CreateEnrolmentCode)},
		{post, directory + "/mfa/enrolment-code", h.Directories.CreateEnrolmentCode, may(vpn.CreateEnrolmentCode)},
		{get, directory + "/mfa/:device", h.Directories.Device, may(vpn.RegisterMFADevice)},
		{post, directory + "/mfa/:device", h.Directories.Confirm, may(vpn.ConfirmMFADevice)},
		{get, directory + "/mfa/:device/reset", h.Directories.ResetForm, may(vpn.ResetMFADevice)},
		{post, directory + "/mfa/:device/reset", h.Directories.Reset, may(vpn.ResetMFADevice)},

		{get, "/users", h.Users.List, signedIn},
		{get, "/users/groups", h.Users.Groups, signedIn},
		{get, "/users/groups/:group", h.Users.Group, signedIn},
		{get, "/users/block", h.Users.BlockForm, may(vpn.BlockVpnUser)},
		{post, "/users/block", h.Users.Block, may(vpn.BlockVpnUser)},
		{get, "/users/unblock", h.Users.UnblockForm, may(vpn.UnblockVpnUser)},
		{post, "/users/unblock", h.Users.Unblock, may(vpn.UnblockVpnUser)},
		{get, "/users/:user", h.Users.View, signedIn},
		{post, "/users/:user/reports/:report/acknowledge", h.Users.Acknowledge, may(vpn.AcknowledgeReport)},

		{get, "/certificates", h.Certificates.List, signedIn},
		{get, "/certificates/authority/new", h.Certificates.AuthorityForm, may(vpn.CreateCertificateAuthority)},
		{post, "/certificates/authority/new", h.Certificates.CreateAuthority, may(vpn.CreateCertificateAuthority)},
		{get, "/certificates/issue", h.Certificates.IssueForm, may(vpn.IssueCertificate)},
		{post, "/certificates/issue", h.Certificates.Issue, may(vpn.IssueCertificate)},
		{get, "/certificates/import", h.Certificates.ImportForm, may(vpn.ImportCertificate)},
		{post, "/certificates/import", h.Certificates.Import, may(vpn.ImportCertificate)},
		{get, "/certificates/delete", h.Certificates.DeleteSeveralForm, may(vpn.DeleteCertificate)},
		{post, "/certificates/delete", h.Certificates.DeleteSeveral, may(vpn.DeleteCertificate)},
		{get, "/certificates/blocked", h.Certificates.Blocked, signedIn},
		{get, "/certificates/blocked/unblock", h.Certificates.UnblockSeveralForm, may(vpn.UnblockClientCertificate)},
		{post, "/certificates/blocked/unblock", h.Certificates.UnblockSeveral, may(vpn.UnblockClientCertificate)},
		{get, "/certificates/blocked/:fingerprint/unblock", h.Certificates.UnblockForm, may(vpn.UnblockClientCertificate)},
		{post, "/certificates/blocked/:fingerprint/unblock", h.Certificates.Unblock, may(vpn.UnblockClientCertificate)},
		{get, certificate, h.Certificates.View, signedIn},
		{get, certificate + "/download", h.Certificates.Download, signedIn},
		{post, certificate + "/key", h.Certificates.TakeKey, may(vpn.ExportClientCertificateKey)},
		{get, certificate + "/block", h.Certificates.BlockForm, may(vpn.BlockClientCertificate)},
		{post, certificate + "/block", h.Certificates.Block, may(vpn.BlockClientCertificate)},
		{get, certificate + "/renew", h.Certificates.RenewForm, may(vpn.RenewCertificate)},
		{post, certificate + "/renew", h.Certificates.Renew, may(vpn.RenewCertificate)},
		{get, certificate + "/revoke", h.Certificates.RevokeForm, may(vpn.RevokeCertificate)},
		{post, certificate + "/revoke", h.Certificates.Revoke, may(vpn.RevokeCertificate)},
		{get, certificate + "/forget-key", h.Certificates.AuthorityKeyForm, may(vpn.ForgetAuthorityKey)},
		{post, certificate + "/forget-key", h.Certificates.ForgetAuthorityKey, may(vpn.ForgetAuthorityKey)},
		{post, certificate + "/export-key", h.Certificates.ExportAuthorityKey, may(vpn.ExportAuthorityKey)},
		{get, revocations, h.Certificates.RevocationList, signedIn},
		{get, revocations + "/export", h.Certificates.ExportRevocationList, signedIn},
		{get, revocations + "/export/der", h.Certificates.ExportRevocationListDER, signedIn},
		{get, revocations + "/import", h.Certificates.ImportRevocationListForm, may(vpn.ImportRevocationList)},
		{post, revocations + "/import", h.Certificates.ImportRevocationList, may(vpn.ImportRevocationList)},
		{get, revocations + "/delete", h.Certificates.DeleteRevocationListForm, may(vpn.DeleteRevocationList)},
		{post, revocations + "/delete", h.Certificates.DeleteRevocationList, may(vpn.DeleteRevocationList)},
		{get, revocations + "/sign", h.Certificates.SignRevocationListForm, may(vpn.SignRevocationList)},
		{post, revocations + "/sign", h.Certificates.SignRevocationList, may(vpn.SignRevocationList)},
		{get, revocations + "/release/:serial", h.Certificates.ReleaseForm, may(vpn.ReleaseCertificate)},
		{post, revocations + "/release/:serial", h.Certificates.Release, may(vpn.ReleaseCertificate)},
		{get, certificate + "/delete", h.Certificates.DeleteForm, may(vpn.DeleteCertificate)},
		{post, certificate + "/delete", h.Certificates.Delete, may(vpn.DeleteCertificate)},

		{get, "/endpoints", h.Endpoint.Endpoints.List, signedIn},
		{get, "/endpoints/new", h.Endpoint.Endpoints.New, may(vpn.CreateClientVpnEndpoint)},
		{post, "/endpoints/new", h.Endpoint.Endpoints.Create, may(vpn.CreateClientVpnEndpoint)},
		{get, "/endpoints/delete", h.Endpoint.Endpoints.DeleteSeveralForm, may(vpn.DeleteClientVpnEndpoint)},
		{post, "/endpoints/delete", h.Endpoint.Endpoints.DeleteSeveral, may(vpn.DeleteClientVpnEndpoint)},
		{get, endpoint, h.Endpoint.Endpoints.View, signedIn},
		{get, endpoint + "/edit", h.Endpoint.Endpoints.EditForm, may(vpn.ModifyClientVpnEndpoint)},
		{post, endpoint + "/edit", h.Endpoint.Endpoints.Edit, may(vpn.ModifyClientVpnEndpoint)},
		{get, endpoint + "/client-authorities", h.Endpoint.Endpoints.ClientAuthorities, signedIn},
		{post, endpoint + "/client-authorities", h.Endpoint.Endpoints.AddAuthority, may(vpn.ModifyClientVpnEndpoint)},
		{get, endpoint + "/client-authorities/:certificate/remove", h.Endpoint.Endpoints.RemoveAuthorityForm, may(vpn.ModifyClientVpnEndpoint)},
		{post, endpoint + "/client-authorities/:certificate/remove", h.Endpoint.Endpoints.RemoveAuthority, may(vpn.ModifyClientVpnEndpoint)},
		{get, endpoint + "/rotate-key", h.Endpoint.Endpoints.RotateKeyForm, may(vpn.RotateClientVpnEndpointKey)},
		{post, endpoint + "/rotate-key", h.Endpoint.Endpoints.RotateKey, may(vpn.RotateClientVpnEndpointKey)},
		{get, endpoint + "/delete", h.Endpoint.Endpoints.DeleteForm, may(vpn.DeleteClientVpnEndpoint)},
		{post, endpoint + "/delete", h.Endpoint.Endpoints.Delete, may(vpn.DeleteClientVpnEndpoint)},
		{get, endpoint + "/tags", h.Endpoint.Endpoints.Tags, signedIn},
		{post, endpoint + "/tags", h.Endpoint.Endpoints.SaveTags, may(vpn.CreateTags)},

		{get, associations, h.Endpoint.Associations.List, signedIn},
		{get, associations + "/new", h.Endpoint.Associations.New, may(vpn.AssociateClientVpnTargetNetwork)},
		{post, associations + "/new", h.Endpoint.Associations.Create, may(vpn.AssociateClientVpnTargetNetwork)},
		{get, associations + "/delete", h.Endpoint.Associations.RemoveSeveralForm, may(vpn.DisassociateClientVpnTargetNetwork)},
		{post, associations + "/delete", h.Endpoint.Associations.RemoveSeveral, may(vpn.DisassociateClientVpnTargetNetwork)},
		{get, associations + "/:association/delete", h.Endpoint.Associations.RemoveForm, may(vpn.DisassociateClientVpnTargetNetwork)},
		{post, associations + "/:association/delete", h.Endpoint.Associations.Remove, may(vpn.DisassociateClientVpnTargetNetwork)},

		{get, rules, h.Endpoint.Rules.List, signedIn},
		{get, rules + "/new", h.Endpoint.Rules.New, may(vpn.AuthorizeClientVpnIngress)},
		{post, rules + "/new", h.Endpoint.Rules.Authorize, may(vpn.AuthorizeClientVpnIngress)},
		{get, rules + "/delete", h.Endpoint.Rules.RevokeSeveralForm, may(vpn.RevokeClientVpnIngress)},
		{post, rules + "/delete", h.Endpoint.Rules.RevokeSeveral, may(vpn.RevokeClientVpnIngress)},
		{get, rules + "/:rule/delete", h.Endpoint.Rules.RevokeForm, may(vpn.RevokeClientVpnIngress)},
		{post, rules + "/:rule/delete", h.Endpoint.Rules.Revoke, may(vpn.RevokeClientVpnIngress)},

		{get, routeTable, h.Endpoint.Routes.List, signedIn},
		{get, routeTable + "/new", h.Endpoint.Routes.New, may(vpn.CreateClientVpnRoute)},
		{post, routeTable + "/new", h.Endpoint.Routes.Create, may(vpn.CreateClientVpnRoute)},
		{get, routeTable + "/delete", h.Endpoint.Routes.DeleteSeveralForm, may(vpn.DeleteClientVpnRoute)},
		{post, routeTable + "/delete", h.Endpoint.Routes.DeleteSeveral, may(vpn.DeleteClientVpnRoute)},
		{get, routeTable + "/:route/delete", h.Endpoint.Routes.DeleteForm, may(vpn.DeleteClientVpnRoute)},
		{post, routeTable + "/:route/delete", h.Endpoint.Routes.Delete, may(vpn.DeleteClientVpnRoute)},

		{get, "/connections", h.Endpoint.Connections.ListAll, signedIn},
		{get, "/connections/terminate", h.Endpoint.Connections.TerminateForm, may(vpn.TerminateClientVpnConnections)},
		{post, "/connections/terminate", h.Endpoint.Connections.Terminate, may(vpn.TerminateClientVpnConnections)},
		{get, endpoint + "/connections", h.Endpoint.Connections.List, signedIn},
		{get, endpoint + "/connections/terminate", h.Endpoint.Connections.TerminateForm, may(vpn.TerminateClientVpnConnections)},
		{post, endpoint + "/connections/terminate", h.Endpoint.Connections.Terminate, may(vpn.TerminateClientVpnConnections)},

		{get, endpoint + "/connections/:connection/block", h.Certificates.BlockOfConnectionForm, may(vpn.BlockClientCertificate)},
		{post, endpoint + "/connections/:connection/block", h.Certificates.BlockOfConnection, may(vpn.BlockClientCertificate)},

		{get, endpoint + "/configuration", h.Endpoint.Configuration.View, signedIn},
		{post, endpoint + "/configuration/download", h.Endpoint.Configuration.Download, may(vpn.ExportClientVpnClientConfiguration)},
		{post, endpoint + "/configuration/command-line", h.Endpoint.Configuration.DownloadForCommandLine, may(vpn.ExportClientVpnClientConfiguration)},
		{post, endpoint + "/configuration", h.Endpoint.Configuration.DownloadWithClient, may(vpn.ExportClientVpnClientConfiguration)},
	}
}
