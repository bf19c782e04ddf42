package identity

import (
	"context"
	"net/url"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// SAML is package saml, as these use cases need it; main fits it.
type SAML interface {
	// ReadMetadata reads the metadata document of an identity provider. Invalid, with the field metadata, where it cannot.
	ReadMetadata(document []byte) (vpn.SAMLMetadata, error)
	// NewSigningKey makes a key that signs requests.
	NewSigningKey(now time.Time) (vpn.Secret, error)
	// Open makes a ServiceProvider. It does not connect.
	Open(c SAMLConfig) (ServiceProvider, error)
	// Fetch reads the document behind a URL. Unavailable, with a sentence for an administrator, where it cannot.
	Fetch(ctx context.Context, address string) ([]byte, error)
}

// SAMLConfig is what a ServiceProvider needs.
type SAMLConfig struct {
	EntityID, ACSURL string // ours
	Options          vpn.SAMLProviderOptions
	Document         []byte // the metadata of the IdP
	SigningKey       vpn.Secret
}

// ServiceProvider is this VPN towards one identity provider. It may be used by several goroutines at once.
type ServiceProvider interface {
	// Request makes a request, which redirectURL carries to the identity provider together with relayState.
	Request(relayState string) (requestID, redirectURL string, err error)
	// Metadata is our document, which the identity provider reads.
	Metadata() ([]byte, error)
	// Accept judges the form that answers a request. Denied where it proves no user; the answer's Seen is filled in any case.
	Accept(form url.Values, expect vpn.SAMLExpect) (vpn.SAMLAnswer, error)
}

type openSAML struct {
	ServiceProvider
	version int
}

// errNotServed says that no browser could come back from an identity provider.
var errNotServed = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The public pages are not served, so no browser can come back from the identity provider. Set public_listen and public_url.")

// ServiceProvider gives a SAML provider as it is configured now.
func (s *Service) ServiceProvider(ctx context.Context, id vpn.SAMLProviderID) (vpn.SAMLProvider, ServiceProvider, error) {
	var p vpn.SAMLProvider
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { p, err = tx.SAMLProvider(ctx, id); return err })
	if err != nil {
		s.mu.Lock()
		delete(s.opened, id)
		s.mu.Unlock()
		return p, nil, err
	}
	s.mu.Lock()
	kept, ok := s.opened[id]
	s.mu.Unlock()
	if ok && kept.version == p.Version {
		return p, kept, nil
	}
	var secrets store.SAMLProviderSecrets
	err = s.core.View(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.SAMLProvider(ctx, id); err != nil {
			return err
		}
		secrets, err = tx.SAMLProviderSecrets(ctx, id)
		return err
	})
	if err != nil {
		return p, nil, err
	}
	opened, err := s.openSAML(p, secrets)
	if err != nil {
		return p, nil, err
	}
	s.mu.Lock()
	s.opened[id] = openSAML{opened, p.Version}
	s.mu.Unlock()
	return p, opened, nil
}

func (s *Service) openSAML(p vpn.SAMLProvider, secrets store.SAMLProviderSecrets) (ServiceProvider, error) {
	base := s.core.Settings.PublicURL
	if base == "" {
		return nil, errNotServed
	}
	return s.saml.Open(SAMLConfig{
		EntityID: p.EntityID(base), ACSURL: p.ACSURL(base), Options: p.SAMLProviderOptions, Document: []byte(secrets.Document), SigningKey: secrets.SigningKey,
	})
}

// forgetSAML has a provider that was changed read again, with what is wrong with it.
func (s *Service) forgetSAML(id vpn.SAMLProviderID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opened, id)
	s.troubles.Forget()
}

// OwnMetadata is our document for a provider, which anyone may read. NotFound where there is no such provider.
func (s *Service) OwnMetadata(ctx context.Context, id vpn.SAMLProviderID) ([]byte, error) {
	_, sp, err := s.ServiceProvider(ctx, id)
	if err != nil {
		return nil, err
	}
	return sp.Metadata()
}

// RequestSAML makes a request of a browser's sign-in.
func (s *Service) RequestSAML(ctx context.Context, id vpn.SAMLProviderID, relayState string) (requestID, redirectURL string, err error) {
	p, sp, err := s.ServiceProvider(ctx, id)
	if err != nil {
		return "", "", err
	}
	if fault := p.Metadata.Fault(s.core.Now()); fault != "" {
		return "", "", vpn.Refuse(vpn.Unavailable, vpn.CodeMetadataUnreadable, fault)
	}
	return sp.Request(relayState)
}

// AcceptSAML judges the answer to a request. version is that of the provider's settings. An answer that is accepted proves that
// the identity provider has our present values.
func (s *Service) AcceptSAML(ctx context.Context, id vpn.SAMLProviderID, form url.Values, requestID string) (answer vpn.SAMLAnswer, version int, err error) {
	p, sp, err := s.ServiceProvider(ctx, id)
	if err != nil {
		return answer, 0, err
	}
	answer, err = sp.Accept(form, vpn.SAMLExpect{RequestID: requestID})
	if base := s.core.Settings.PublicURL; err == nil && p.KnownURL != base {
		s.learnURL(ctx, id, base)
	}
	return answer, p.Version, err
}

// learnURL notes that a provider has the values with a base of the public pages. A sign-in does not fail with it: the next one
// notes it again.
func (s *Service) learnURL(ctx context.Context, id vpn.SAMLProviderID, base string) {
	err := s.core.Update(ctx, func(tx *store.Tx) error { return tx.SaveSAMLKnownURL(ctx, id, base) })
	if err != nil {
		s.core.Log.WarnContext(ctx, "the public URL of a SAML provider was not stored", "provider", id, "err", err)
		return
	}
	s.troubles.Forget()
}
