// Package access holds the actions of the console about accounts, sessions and the set-up.
package access

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin/page"
)

// SessionCookie keeps the session in the browser. Package web implements it with gorilla/sessions.
type SessionCookie interface {
	// Token is the session identifier as the browser sent it, valid or not; "" for none.
	Token(c echo.Context) string
	// Browser is the mark of an earlier sign-in in this browser, as it was sent; "" for none.
	Browser(c echo.Context) string
	// Begin sets the cookie of a new session, and the one of the browser's mark.
	Begin(c echo.Context, token, browser string) error
	// End removes the cookie.
	End(c echo.Context) error
}

// Actions are the actions of this package, by noun.
type Actions struct {
	Session        Session
	Setup          Setup
	Account        Account
	Administrators Administrators
}

// New makes the actions.
func New(pages *page.Pages, a *access.Service, cookie SessionCookie) Actions {
	return Actions{
		Session:        Session{pages, a, cookie},
		Setup:          Setup{pages, a, cookie},
		Account:        Account{pages, a},
		Administrators: Administrators{pages, a},
	}
}

// Session signs in and out.
type Session struct {
	pages  *page.Pages
	access *access.Service
	cookie SessionCookie
}

// Setup creates the first administrator.
type Setup struct {
	pages  *page.Pages
	access *access.Service
	cookie SessionCookie
}

// Account is the signed-in account.
type Account struct {
	pages  *page.Pages
	access *access.Service
}

// Administrators are the accounts of the console.
type Administrators struct {
	pages  *page.Pages
	access *access.Service
}
