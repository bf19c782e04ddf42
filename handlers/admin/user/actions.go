// Package user holds the actions of the console about VPN users and their groups.
package user

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/user"
	"sallyport/handlers/admin/page"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Users are the VPN users and their groups.
type Users struct {
	pages *page.Pages
	users *user.Service
}

// New makes the actions.
func New(pages *page.Pages, service *user.Service) Users { return Users{pages, service} }

func userID(c echo.Context) vpn.UserID { return vpn.UserID(c.Param("user")) }

const (
	section    = "users"
	usersPath  = "/users"
	groupsPath = "/users/groups"
)

func tabs(groups bool) []parts.Tab {
	return []parts.Tab{{Label: "Users", Href: usersPath, Current: !groups}, {Label: "Groups", Href: groupsPath, Current: groups}}
}
