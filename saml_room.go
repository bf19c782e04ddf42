package main

import (
	"context"
	"time"

	"sallyport/control/identity"
	"sallyport/saml"
	"sallyport/vpn"
)

// samlRoom fits package saml into what the use cases of identity providers need.
type samlRoom struct{ fetcher saml.Fetcher }

func (samlRoom) ReadMetadata(document []byte) (vpn.SAMLMetadata, error) {
	return saml.ReadMetadata(document)
}

func (samlRoom) NewSigningKey(now time.Time) (vpn.Secret, error) { return saml.NewSigningKey(now) }

func (samlRoom) Open(c identity.SAMLConfig) (identity.ServiceProvider, error) {
	return saml.New(saml.Config{EntityID: c.EntityID, ACSURL: c.ACSURL, Options: c.Options, Metadata: c.Document, SigningKey: c.SigningKey})
}

func (r samlRoom) Fetch(ctx context.Context, address string) ([]byte, error) {
	return r.fetcher.Fetch(ctx, address)
}
