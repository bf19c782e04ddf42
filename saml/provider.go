package saml

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"sallyport/vpn"
)

// Times of answers.
const (
	// Skew is how far the clocks of an IdP and of this host may differ.
	Skew = time.Minute
	// maxAge is how old an answer may be: it comes from the IdP by way of the browser at once.
	maxAge = 2*time.Minute + Skew
)

// Config is what a ServiceProvider needs.
type Config struct {
	EntityID string // what this provider is called at the IdP
	ACSURL   string // where the IdP sends answers
	Options  vpn.SAMLProviderOptions
	Metadata []byte // the IdP's, as ReadMetadata takes it
	// SigningKey is what NewSigningKey made. Requests are signed with it where the options say so.
	SigningKey vpn.Secret
	Now        func() time.Time // nil: the clock of this host
}

// ServiceProvider is this VPN towards one IdP. It may be used by several goroutines at once.
type ServiceProvider struct {
	entityID, acsURL string
	groupAttribute   string
	mailAttributes   []string
	nameAttributes   []string
	nameChosen       bool // lists call a user by an attribute, whatever the NameID is
	idp              identityProvider
	key              *signingKey // nil: requests are not signed
	now              func() time.Time
	library          crewjam.ServiceProvider
}

// limitLibrary sets what crewjam/saml has as variables of its package.
var limitLibrary = sync.OnceFunc(func() {
	crewjam.MaxClockSkew, crewjam.MaxIssueDelay = Skew, maxAge
})

// New makes a ServiceProvider. Errors: those of ReadMetadata, and of a signing key that is missing or cannot be read.
func New(c Config) (*ServiceProvider, error) {
	limitLibrary()
	idp, err := readIDP(c.Metadata)
	if err != nil {
		return nil, err
	}
	acs, err := url.Parse(c.ACSURL)
	if err != nil {
		return nil, err
	}
	sp := &ServiceProvider{entityID: c.EntityID, acsURL: c.ACSURL, groupAttribute: c.Options.GroupAttribute, idp: idp, now: c.Now}
	if sp.now == nil {
		sp.now = time.Now
	}
	sp.mailAttributes, sp.nameAttributes = mailAttributes, nameAttributes
	if a := c.Options.MailAttribute; a != "" {
		sp.mailAttributes = []string{a}
	}
	if a := c.Options.NameAttribute; a != "" {
		sp.nameAttributes, sp.nameChosen = []string{a}, true
	}
	if sp.groupAttribute == "" {
		sp.groupAttribute = vpn.UsualGroupAttribute
	}
	sp.library = crewjam.ServiceProvider{
		EntityID: c.EntityID, AcsURL: *acs, IDPMetadata: idp.forLibrary(),
		AuthnNameIDFormat: crewjam.UnspecifiedNameIDFormat, SendUnspecifiedNameIDFormat: true,
		RejectSHA1Signatures: true, RejectUnknownConditions: true, RequireSignedResponseForCBC: true, RequireStandardArtifacts: true,
		LimitRelayStateLength: true, HTTPClient: &http.Client{Transport: noNetwork{}},
		AssertionConsumerServiceBindings: []string{crewjam.HTTPPostBinding}, MetadataOmitValidUntil: true,
	}
	if c.Options.SignRequests {
		if sp.key, err = readSigningKey(c.SigningKey); err != nil {
			return nil, err
		}
		sp.library.Key, sp.library.Certificate, sp.library.SignatureMethod = sp.key.private, sp.key.certificate, dsig.RSASHA256SignatureMethod
	}
	return sp, nil
}

// libraryAt is the library at a moment, which it takes all its times from.
func (sp *ServiceProvider) libraryAt(now time.Time) *crewjam.ServiceProvider {
	at := sp.library
	at.Clock = dsig.NewFakeClockAt(now)
	return &at
}

// noNetwork is the network of the library: it would fetch an answer from the IdP that is given as a reference.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("saml: nothing is fetched from an identity provider")
}

// forLibrary is what the library has to know of the IdP: no address but that of requests.
func (p identityProvider) forLibrary() *crewjam.EntityDescriptor {
	var keys []crewjam.KeyDescriptor
	for _, c := range p.certificates {
		keys = append(keys, crewjam.KeyDescriptor{Use: "signing", KeyInfo: crewjam.KeyInfo{X509Data: crewjam.X509Data{
			X509Certificates: []crewjam.X509Certificate{{Data: base64.StdEncoding.EncodeToString(c.Raw)}},
		}}})
	}
	role := crewjam.IDPSSODescriptor{SingleSignOnServices: []crewjam.Endpoint{{Binding: crewjam.HTTPRedirectBinding, Location: p.SignInURL}}}
	role.KeyDescriptors = keys
	return &crewjam.EntityDescriptor{EntityID: p.EntityID, IDPSSODescriptors: []crewjam.IDPSSODescriptor{role}}
}
