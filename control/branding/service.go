// Package branding holds the use cases of what the public pages say of themselves: title, logo, help and contact.
package branding

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Service is the use cases of the branding.
type Service struct{ core *control.Core }

// New makes the use cases.
func New(core *control.Core) *Service { return &Service{core: core} }

// Shown is the branding as pages show it to every visitor.
func (s *Service) Shown(ctx context.Context) (b vpn.Branding, err error) {
	err = s.core.Glance(ctx, func(tx *store.Tx) error { b, err = tx.Branding(ctx); return err })
	return b, err
}

// Logo is the picture of the present logo, a PNG file. NotFound for the digest of another one.
func (s *Service) Logo(ctx context.Context, digest string) (picture []byte, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) error { picture, err = tx.Logo(ctx, digest); return err })
	return picture, err
}

// Branding is the branding for the administrators.
func (s *Service) Branding(ctx context.Context, by control.Principal) (b vpn.Branding, err error) {
	err = s.core.Read(ctx, by, vpn.DescribePortal, "", func(tx *store.Tx) error { b, err = tx.Branding(ctx); return err })
	return b, err
}

// Save changes the branding. Fields: those of vpn.Branding.Edit.
func (s *Service) Save(ctx context.Context, by control.Principal, e vpn.BrandingEdit) error {
	return s.core.Change(ctx, by, vpn.ModifyPortal, "", func(tx *store.Tx, a *vpn.AuditRecord) error {
		b, err := tx.Branding(ctx)
		if err != nil {
			return err
		}
		a.Before = control.Describe(b)
		if err := b.Edit(e); err != nil {
			return err
		}
		a.After = control.Describe(b)
		var picture []byte
		if e.Logo != nil {
			picture = e.Logo.PNG
		}
		return tx.SaveBranding(ctx, b, picture)
	})
}
