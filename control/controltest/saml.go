package controltest

import (
	"context"
	"sync"
	"time"

	"sallyport/control/identity"
	"sallyport/saml"
	"sallyport/vpn"
)

// SAML is package saml with the clock of a kit, and with a network of its own: the documents that a test puts there.
type SAML struct {
	clock     *Clock
	mu        sync.Mutex // guards documents
	documents map[string][]byte
}

// Put puts a document behind a URL; nil takes it away.
func (s *SAML) Put(address string, document []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.documents == nil {
		s.documents = map[string][]byte{}
	}
	s.documents[address] = document
}

// ReadMetadata implements identity.SAML.
func (*SAML) ReadMetadata(document []byte) (vpn.SAMLMetadata, error) {
	return saml.ReadMetadata(document)
}

// NewSigningKey implements identity.SAML.
func (*SAML) NewSigningKey(now time.Time) (vpn.Secret, error) { return saml.NewSigningKey(now) }

// Open implements identity.SAML.
func (s *SAML) Open(c identity.SAMLConfig) (identity.ServiceProvider, error) {
	return saml.New(saml.Config{EntityID: c.EntityID, ACSURL: c.ACSURL, Options: c.Options, Metadata: c.Document, SigningKey: c.SigningKey, Now: s.clock.Now})
}

// Fetch implements identity.SAML.
func (s *SAML) Fetch(_ context.Context, address string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if document := s.documents[address]; document != nil {
		return document, nil
	}
	return nil, vpn.Refuse(vpn.Unavailable, vpn.CodeMetadataUnreadable, "No document is there.")
}
