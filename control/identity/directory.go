package identity

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Directories lists directories.
func (s *Service) Directories(ctx context.Context, by control.Principal, l vpn.List) (p vpn.Page[vpn.Directory], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, "", func(tx *store.Tx) error { p, err = tx.Directories(ctx, l); return err })
	return p, err
}

// Directory gives one directory.
func (s *Service) Directory(ctx context.Context, by control.Principal, id vpn.DirectoryID) (d vpn.Directory, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, string(id), func(tx *store.Tx) error { d, err = tx.Directory(ctx, id); return err })
	return d, err
}

// EndpointsOf lists the endpoints whose users sign in at a directory.
func (s *Service) EndpointsOf(ctx context.Context, by control.Principal, id vpn.DirectoryID) (used []vpn.EndpointRef, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, string(id), func(tx *store.Tx) error { used, err = tx.EndpointsOfProvider(ctx, id.Provider()); return err })
	return used, err
}

// CreateDirectory adds a directory. It is not connected to: TestSignIn does. Fields: those of vpn.NewDirectory.
func (s *Service) CreateDirectory(ctx context.Context, by control.Principal, spec vpn.DirectorySpec) (vpn.Directory, error) {
	var d vpn.Directory
	err := s.core.Change(ctx, by, vpn.CreateDirectory, "", func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		d, err = vpn.NewDirectory(spec, s.core.Now())
		if err := vpn.Together(err, s.check(d.DirectoryOptions, spec.Password, err)); err != nil {
			return err
		}
		a.Subject, a.After = string(d.ID), control.Describe(d)
		return tx.CreateDirectory(ctx, d, spec.Password)
	})
	return d, err
}

// EditDirectory changes a directory. Stale where another administrator saved first; ErrUnannounced where the
// administrator was told something else than what it does. Field: confirm, and those of vpn.Directory.Edit.
func (s *Service) EditDirectory(ctx context.Context, by control.Principal, id vpn.DirectoryID, spec vpn.DirectorySpec, consent vpn.Consent) (vpn.Directory, error) {
	var d vpn.Directory
	err := s.core.Change(ctx, by, vpn.ModifyDirectory, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if d, err = tx.Directory(ctx, id); err != nil {
			return err
		}
		a.Before = control.Describe(d)
		if err := s.edit(&d, spec); err != nil {
			return err
		}
		does, err := s.announce(ctx, tx, d)
		if err != nil {
			return err
		}
		if err := does.Check(consent); err != nil {
			return err
		}
		a.After = control.Describe(d)
		return tx.SaveDirectory(ctx, d, spec.Password)
	})
	return d, err
}

// edit changes a directory in memory.
func (s *Service) edit(d *vpn.Directory, spec vpn.DirectorySpec) error {
	err := d.Edit(spec)
	return vpn.Together(err, s.check(spec.DirectoryOptions, spec.Password, err))
}

// check has the source itself read the options. What typed refuses already is left out.
func (s *Service) check(o vpn.DirectoryOptions, password vpn.Secret, typed error) error {
	if vpn.FieldsOf(typed)["urls"] != "" {
		o.URLs = nil
	}
	source, err := s.open(o, password)
	if err != nil {
		return err
	}
	source.Close()
	return nil
}

// DeleteDirectory removes a directory. Conflict while an endpoint uses it.
func (s *Service) DeleteDirectory(ctx context.Context, by control.Principal, id vpn.DirectoryID) error {
	err := s.core.Change(ctx, by, vpn.DeleteDirectory, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		d, err := tx.Directory(ctx, id)
		if err != nil {
			return err
		}
		used, err := tx.EndpointsOfProvider(ctx, id.Provider())
		if err != nil {
			return err
		}
		if err := d.InUse(used); err != nil {
			return err
		}
		a.Before = control.Describe(d)
		return tx.DeleteDirectory(ctx, id)
	})
	if err == nil {
		s.forget(id)
	}
	return err
}
