// Package page holds what the actions of the console share: reading a request, the chrome of a page,
// forms and their refusals, lists, parts that renew themselves, and the message to the next page.
package page

import (
	"context"
	"log/slog"
	"time"

	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/identity"
	"sallyport/control/node"
	"sallyport/control/user"
)

// Pages makes what surrounds the pages of the console.
type Pages struct {
	access       *access.Service
	nodes        *node.Service
	lookUps      LookUps
	providers    Providers
	certificates Certificates
	reports      Reports
	log          *slog.Logger
	now          func() time.Time
}

// LookUps tells which look-ups of users with sessions are held.
type LookUps interface {
	HeldPasses(ctx context.Context) []identity.Held
}

// Providers tells what is wrong with SAML providers.
type Providers interface {
	ProviderTroubles(ctx context.Context) []identity.ProviderTrouble
}

// Certificates tells which certificates end soon.
type Certificates interface {
	Ending(ctx context.Context) ([]certificate.Ending, error)
	// ListTroubles tells what is wrong with certificate revocation lists.
	ListTroubles(ctx context.Context) []certificate.ListTrouble
}

// Reports tells which sign-ins users reported as not theirs.
type Reports interface {
	OpenReports(ctx context.Context) (list []user.OpenReport, more bool)
}

// New makes Pages over the use cases that every page needs.
func New(a *access.Service, n *node.Service, l interface {
	LookUps
	Providers
}, certificates Certificates, r Reports, log *slog.Logger, now func() time.Time) *Pages {
	return &Pages{access: a, nodes: n, lookUps: l, providers: l, certificates: certificates, reports: r, log: log, now: now}
}

// Now is the time of the request; pages show relative times relative to it.
func (p *Pages) Now() time.Time { return p.now() }
