package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// HandedOut counts the configuration files of an endpoint that were handed out: those that work with it as it is, and
// those of other settings.
func (s *Service) HandedOut(ctx context.Context, by control.Principal, v View) (work, stopped int, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, string(v.ID), func(tx *store.Tx) error {
		files, err := tx.CountProfileDownloads(ctx, v.ID)
		for revision, n := range files {
			if revision == v.Side().Revision() {
				work += n
			} else {
				stopped += n
			}
		}
		return err
	})
	return work, stopped, err
}
