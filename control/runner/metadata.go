package runner

import (
	"context"
	"time"

	"sallyport/vpn"
)

// Metadata looks at the metadata of SAML providers.
type Metadata interface {
	// LookAtMetadata looks at those whose last look is a day old.
	LookAtMetadata(ctx context.Context) error
}

// metadataEvery is how often it is asked which looks are due.
const metadataEvery = time.Hour

// LookAtMetadata looks at the metadata of SAML providers until ctx ends.
func (s *Runner) LookAtMetadata(ctx context.Context) {
	next := time.NewTicker(metadataEvery)
	defer next.Stop()
	for {
		err := s.metadata.LookAtMetadata(ctx)
		if err != nil && vpn.KindOf(err) != vpn.Unavailable && ctx.Err() == nil {
			s.core.Log.ErrorContext(ctx, "the metadata of SAML providers was not looked at", "err", errorChain(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
	}
}
