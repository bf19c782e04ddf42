package web

import "sallyport/handlers/admin"

// vpnRoutes are the URLs of networks, certificates and endpoints.
func vpnRoutes(h *admin.Console) []route {
	return nil
}
