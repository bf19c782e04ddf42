package web

import (
	"sallyport/handlers/admin"
	"sallyport/vpn"
)

// samlRoutes is every URL of the console about SAML providers.
func samlRoutes(h *admin.Console) []route {
	const provider = "/identity-providers/saml/:saml"
	return []route{
		{get, "/identity-providers/saml", h.SAML.List, signedIn},
		{get, "/identity-providers/saml/new", h.SAML.New, may(vpn.CreateSAMLProvider)},
		{post, "/identity-providers/saml/new", h.SAML.Create, may(vpn.CreateSAMLProvider)},
		{get, provider, h.SAML.View, signedIn},
		{get, provider + "/metadata", h.SAML.Document, signedIn},
		{get, provider + "/edit", h.SAML.EditForm, may(vpn.ModifySAMLProvider)},
		{post, provider + "/edit", h.SAML.Edit, may(vpn.ModifySAMLProvider)},
		{get, provider + "/delete", h.SAML.DeleteForm, may(vpn.DeleteSAMLProvider)},
		{post, provider + "/delete", h.SAML.Delete, may(vpn.DeleteSAMLProvider)},
		{post, provider + "/test", h.SAML.Test, may(vpn.TestSAMLSignIn)},
		{get, provider + "/test/:trial", h.SAML.Trial, may(vpn.TestSAMLSignIn)},
		{post, provider + "/compare", h.SAML.Compare, may(vpn.CompareSAMLMetadata)},
	}
}
