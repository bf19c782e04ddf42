package vpn

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// SAMLProviderID is "saml-" and 10 hex digits; the guide has an ARN in its place (guide, "Single sign-on (SAML 2.0-based
// federated authentication)").
type SAMLProviderID string

const (
	prefixSAMLProvider  = "saml-"
	samlProviderIDBytes = 5
)

// NewSAMLProviderID is random.
func NewSAMLProviderID() SAMLProviderID {
	var b [samlProviderIDBytes]byte
	_, _ = rand.Read(b[:])
	return SAMLProviderID(prefixSAMLProvider + hex.EncodeToString(b[:]))
}

// SAMLProvider is an identity provider (IdP) that proves users by SAML 2.0, in their browser.
type SAMLProvider struct {
	ID        SAMLProviderID
	Name      string
	Version   int
	CreatedAt time.Time
	SAMLProviderOptions
}

// SAMLProviderOptions is what an administrator sets. The metadata of the IdP is kept apart.
type SAMLProviderOptions struct {
	// GroupAttribute names the attribute with the IDs of a user's groups, in its case.
	GroupAttribute string `json:"group_attribute"`
	SignRequests   bool   `json:"sign_requests,omitempty"`
}

// UsualGroupAttribute is the group attribute of a provider for which none was chosen (guide, "SAML 2.0-based IdP requirements").
const UsualGroupAttribute = "memberOf"

// Label is what lists and messages call the provider.
func (p SAMLProvider) Label() string { return labelOf(p.Name, string(p.ID)) }
