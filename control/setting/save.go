package setting

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AnnounceSave tells what Save would do to the configuration files that were handed out, and changes nothing. The
// errors are those of Save.
func (s *Service) AnnounceSave(ctx context.Context, by control.Principal, version int, values map[string]string) (vpn.Announcement, error) {
	var a vpn.Announcement
	err := s.core.Read(ctx, by, vpn.ModifySettings, "", func(tx *store.Tx) error {
		before, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		after := before
		if err := after.Edit(version, values, s.core.Settings.Given); err != nil {
			return err
		}
		a, err = s.announce(ctx, tx, before, after)
		return err
	})
	return a, err
}

// Save changes the settings that the configuration does not set; values has all of those. Fields: their
// keys, and confirm. Stale where another administrator saved after the form was filled; ErrUnannounced where the
// administrator was told something else than what it does.
func (s *Service) Save(ctx context.Context, by control.Principal, version int, values map[string]string, consent vpn.Consent) error {
	given := s.core.Settings.Given
	return s.core.Change(ctx, by, vpn.ModifySettings, "", func(tx *store.Tx, a *vpn.AuditRecord) error {
		saved, err := tx.LockSettings(ctx)
		if err != nil {
			return err
		}
		before := saved
		a.Before = control.Describe(saved.InForce(given))
		if err := saved.Edit(version, values, given); err != nil {
			return err
		}
		does, err := s.announce(ctx, tx, before, saved)
		if err != nil {
			return err
		}
		if err := does.Check(consent); err != nil {
			return err
		}
		a.After = control.Describe(saved.InForce(given))
		return tx.SaveSettings(ctx, saved)
	})
}

// announce adds up, over all endpoints, what another remote name does to their files.
func (s *Service) announce(ctx context.Context, tx *store.Tx, before, after vpn.SavedSettings) (vpn.Announcement, error) {
	was, is := vpn.ReadDeployment(before.InForce(s.core.Settings.Given)), vpn.ReadDeployment(after.InForce(s.core.Settings.Given))
	if was.PublicName == is.PublicName && was.VPNDomain == is.VPNDomain {
		return vpn.Announcement{}, nil
	}
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return vpn.Announcement{}, err
	}
	var changes []control.SideChange
	for _, bare := range all {
		if bare.Deleting {
			continue
		}
		e, err := tx.Endpoint(ctx, bare.ID) // with its key
		if err != nil {
			return vpn.Announcement{}, err
		}
		old, err := s.core.Side(ctx, tx, was, e)
		if err != nil {
			return vpn.Announcement{}, err
		}
		next := old
		next.Remote, _ = is.RemoteName(e, s.core.Settings.FallbackAddress)
		changes = append(changes, control.SideChange{Before: old, After: next})
	}
	return s.core.AnnounceFiles(ctx, tx, changes)
}
