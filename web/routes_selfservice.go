package web

import (
	"sallyport/handlers/admin"
	"sallyport/vpn"
)

// uploadRoute takes a file of any size: the use case stores it while it arrives, and bounds it.
const uploadRoute = "/self-service-portal/installers/:platform/file"

// selfServiceRoutes is every URL of the console about the self-service portal.
func selfServiceRoutes(h *admin.Console) []route {
	const portal = "/self-service-portal"
	const installer = portal + "/installers/:platform"
	return []route{
		{get, portal, h.SelfService.View, signedIn},
		{post, portal, h.SelfService.Save, may(vpn.ModifyPortal)},
		{get, portal + "/preview", h.SelfService.Preview, signedIn},
		{get, portal + "/logo/:logo", h.SelfService.Logo, signedIn},
		{get, portal + "/downloads", h.SelfService.Downloads, signedIn},
		{get, installer, h.SelfService.InstallerForm, signedIn},
		{post, uploadRoute, h.SelfService.Upload, may(vpn.ReplaceInstaller)},
		{post, installer + "/link", h.SelfService.SetLink, may(vpn.ReplaceInstaller)},
		{get, installer + "/remove", h.SelfService.RemoveForm, may(vpn.RemoveInstaller)},
		{post, installer + "/remove", h.SelfService.Remove, may(vpn.RemoveInstaller)},
	}
}
