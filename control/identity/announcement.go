package identity

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AnnounceEdit tells what EditDirectory would do to the configuration files of the directory's endpoints, and changes
// nothing. The errors are those of EditDirectory.
func (s *Service) AnnounceEdit(ctx context.Context, by control.Principal, id vpn.DirectoryID, spec vpn.DirectorySpec) (vpn.Announcement, error) {
	var a vpn.Announcement
	err := s.core.Read(ctx, by, vpn.ModifyDirectory, string(id), func(tx *store.Tx) error {
		d, err := tx.Directory(ctx, id)
		if err != nil {
			return err
		}
		if err := s.edit(&d, spec); err != nil {
			return err
		}
		a, err = s.announce(ctx, tx, d)
		return err
	})
	return a, err
}

// announce tells what it does to save a directory (guide, "Export and configure the client configuration file": a file from before MFA was
// enabled is of no use).
func (s *Service) announce(ctx context.Context, tx *store.Tx, next vpn.Directory) (vpn.Announcement, error) {
	deployment, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return vpn.Announcement{}, err
	}
	used, err := tx.EndpointsOfProvider(ctx, next.ID.Provider())
	if err != nil {
		return vpn.Announcement{}, err
	}
	var changes []control.SideChange
	for _, ref := range used {
		e, err := tx.Endpoint(ctx, ref.ID)
		if err != nil {
			return vpn.Announcement{}, err
		}
		if e.Deleting {
			continue
		}
		before, err := s.core.Side(ctx, tx, deployment, e)
		if err != nil {
			return vpn.Announcement{}, err
		}
		after := before
		after.Directory = next
		changes = append(changes, control.SideChange{Before: before, After: after})
	}
	return s.core.AnnounceFiles(ctx, tx, changes)
}
