// Package saml holds the public actions about SAML providers: our metadata document, and the link of a test sign-in. The
// answers of providers are package signin's.
package saml

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Providers are the use cases that the public pages need of SAML providers: none of them changes a provider.
type Providers interface {
	// OwnMetadata is our document for a provider. NotFound where there is no such provider.
	OwnMetadata(ctx context.Context, id vpn.SAMLProviderID) ([]byte, error)
	// RequestTrial begins a test sign-in for a browser, and gives the URL that leads to the provider.
	RequestTrial(ctx context.Context, provider vpn.SAMLProviderID, token vpn.Secret, browser string) (redirectURL string, err error)
}

// SAML are the actions.
type SAML struct{ providers Providers }

// New makes the actions.
func New(p Providers) *SAML { return &SAML{p} }

const (
	// metadataLife is how long others may keep our metadata document.
	metadataLife = "public, max-age=3600"
	// cookieLife is how long a browser keeps the cookie of a test sign-in: longer than a request is answered.
	cookieLife  = 15 * time.Minute
	tokenLength = 22 // of links and of the cookie
)

var errNoProvider = vpn.Refuse(vpn.NotFound, vpn.CodeSAMLProviderNotFound, "There is no such page.")

func provider(c echo.Context) vpn.SAMLProviderID { return vpn.SAMLProviderID(c.Param("provider")) }

// Metadata sends the document that an identity provider reads to know this VPN.
func (h *SAML) Metadata(c echo.Context) error {
	text, err := h.providers.OwnMetadata(page.Context(c), provider(c))
	if vpn.KindOf(err) == vpn.NotFound {
		return errNoProvider
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, metadataLife)
	return c.Blob(http.StatusOK, "application/samlmetadata+xml", text)
}

// Test leads from the link of a test sign-in to the identity provider. It makes a request and changes nothing else.
func (h *SAML) Test(c echo.Context) error {
	token := vpn.Secret(c.Param("token"))
	if len(token) != tokenLength {
		return vpn.ErrSAMLTrial
	}
	cookie := page.LoginToken(c)
	if len(cookie) != tokenLength {
		cookie = vpn.NewToken().Reveal()
	}
	url, err := h.providers.RequestTrial(page.Context(c), provider(c), token, vpn.TokenDigest(vpn.Secret(cookie)))
	if err != nil {
		return err
	}
	page.SetLoginToken(c, cookie, cookieLife)
	return c.Redirect(http.StatusSeeOther, url)
}

// Tested ends a test sign-in. It says nothing of the result: that is for the administrator, in the console.
func (*SAML) Tested(c echo.Context) error { return page.Render(c, http.StatusOK, views.Tested()) }
