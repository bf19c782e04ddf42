package runner

import (
	"context"
	"errors"
)

// Certificates are the certificates that are kept here.
type Certificates interface {
	// RenewDue renews the server certificates that end soon.
	RenewDue(ctx context.Context) error
	// WarnOfEnding writes to the log which certificates end soon. It is called every hour.
	WarnOfEnding(ctx context.Context) error
	// RenewLists signs the revocation lists that are made here and changed or end soon.
	RenewLists(ctx context.Context) error
	// WarnOfLists writes to the log which revocation lists end soon.
	WarnOfLists(ctx context.Context)
}

// lookAtCertificates renews the certificates that end soon, and warns of the others.
func (s *Runner) lookAtCertificates(ctx context.Context) error {
	return errors.Join(s.certificates.RenewDue(ctx), s.certificates.WarnOfEnding(ctx))
}
