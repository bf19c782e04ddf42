// Package installer holds the use cases of the programs that administrators offer in the self-service portal. The bytes are
// stored in the database, in pieces, so that every web process has them; nothing here runs them or looks into them.
package installer

import (
	"context"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// Service is the use cases of installers.
type Service struct {
	core *control.Core
	// The downloads that are open.
	ofUsers    turn.Turns[string]
	ofNetworks turn.Sources
}

// New makes the use cases.
func New(core *control.Core) *Service {
	return &Service{core: core, ofNetworks: turn.Sources{OfOne: downloadsOfNetwork, OfAll: downloadsOfAll}}
}

// Installers lists the installers, at most one of each platform, and the largest file in MB.
func (s *Service) Installers(ctx context.Context, by control.Principal) (list []vpn.Installer, megabytes int, err error) {
	err = s.core.Read(ctx, by, vpn.DescribePortal, "", func(tx *store.Tx) error {
		d, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		megabytes = d.InstallerMegabytes
		list, err = tx.Installers(ctx)
		return err
	})
	return list, megabytes, err
}

// Offered is the installer of a platform as its users see it; nil: there is none.
func (s *Service) Offered(ctx context.Context, by control.Principal, p vpn.Platform) (*vpn.Installer, error) {
	var out *vpn.Installer
	err := s.core.Read(ctx, by, vpn.FetchPortalInstaller, "", func(tx *store.Tx) error {
		i, err := tx.Installer(ctx, p)
		switch {
		case vpn.KindOf(err) == vpn.NotFound:
			return nil
		case err != nil:
			return err
		}
		out = &i
		return nil
	})
	return out, err
}

// SetLink offers a link in the place of what the platform has. Fields: program, link, checksum.
func (s *Service) SetLink(ctx context.Context, by control.Principal, p vpn.Platform, program vpn.ClientProgramID, link, checksum string) error {
	return s.core.Change(ctx, by, vpn.ReplaceInstaller, string(p), func(tx *store.Tx, a *vpn.AuditRecord) error {
		i, err := vpn.NewInstallerLink(p, program, link, checksum, s.core.Now(), by.Name)
		if err != nil {
			return err
		}
		return replace(ctx, tx, i, a)
	})
}

// Remove ends the offer of a platform. NotFound where there is none.
func (s *Service) Remove(ctx context.Context, by control.Principal, p vpn.Platform) error {
	return s.core.Change(ctx, by, vpn.RemoveInstaller, string(p), func(tx *store.Tx, a *vpn.AuditRecord) error {
		before, err := tx.Installer(ctx, p)
		if err != nil {
			return err
		}
		a.Before = control.Describe(before)
		return tx.DeleteInstaller(ctx, p)
	})
}

func replace(ctx context.Context, tx *store.Tx, i vpn.Installer, a *vpn.AuditRecord) error {
	before, err := tx.Installer(ctx, i.Platform)
	if err == nil {
		a.Before = control.Describe(before)
	} else if vpn.KindOf(err) != vpn.NotFound {
		return err
	}
	a.After = control.Describe(i)
	return tx.SaveInstaller(ctx, i)
}
