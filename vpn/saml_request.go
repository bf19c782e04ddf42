package vpn

import (
	"crypto/subtle"
	"time"
)

// SAMLPurpose is what a SAML request is for: one address takes the answers to all.
type SAMLPurpose string

// The purposes.
const (
	SAMLForLogin  SAMLPurpose = "login"  // of a VPN client
	SAMLForTest   SAMLPurpose = "test"   // an administrator tests the sign-in
	SAMLForPortal SAMLPurpose = "portal" // to the self-service portal
)

// SAMLRequestTime is how long an answer to a request is taken.
const SAMLRequestTime = 10 * time.Minute

// SAMLRequest is a request that a browser carries to an identity provider. It is answered once, in the same browser.
type SAMLRequest struct {
	ID        string // of the AuthnRequest, which the answer names (InResponseTo)
	Relay     string // the digest of its RelayState
	Provider  SAMLProviderID
	Purpose   SAMLPurpose
	Subject   string // what it is for: a BrowserSignInID; of a test, the digest of the test's token
	Browser   string // the digest of the cookie of the browser
	CreatedAt time.Time
	UsedAt    time.Time // zero: it is not answered yet
	// Result is what a test found, as JSON; empty: nothing yet, or no test.
	Result string
}

var (
	// ErrSAMLRequest is one answer to requests that are unknown, old or answered.
	ErrSAMLRequest = Refuse(NotFound, CodeSAMLRequestUnknown,
		"The identity provider's answer belongs to no sign-in that waits here. Begin where you wanted to sign in: connect with your VPN client again.")
	errSAMLProvider = Refuse(Denied, CodeSAMLProviderOther, "The answer came to the address of another identity provider than the one that was asked.")
)

// Answer takes the answer to the request, which comes to the address of a provider from a browser.
func (r *SAMLRequest) Answer(at SAMLProviderID, browser string, now time.Time) error {
	switch {
	case !r.UsedAt.IsZero() || !now.Before(r.CreatedAt.Add(SAMLRequestTime)):
		return ErrSAMLRequest
	case r.Provider != at:
		return errSAMLProvider
	case browser == "" || subtle.ConstantTimeCompare([]byte(r.Browser), []byte(browser)) != 1:
		return ErrBrowserOther
	}
	r.UsedAt = now
	return nil
}
