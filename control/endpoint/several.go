package endpoint

import (
	"context"
	"errors"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

var errAllRefused = errors.New("every row was refused")

// changeSeveral changes parts of an endpoint in one transaction with one audit record. A part that is refused stays
// as it is and is told; where all are, nothing is written. It returns the number of those that were changed.
func changeSeveral[I vpn.ID, T any](
	ctx context.Context, s *Service, by control.Principal, action vpn.Action, id vpn.EndpointID, parts []I,
	change func(context.Context, *store.Tx, *vpn.Endpoint, I) (T, error),
) (int, []control.RefusedRow, error) {
	var done []I
	var refused []control.RefusedRow
	err := s.changeEndpoint(ctx, by, action, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		var before []T
		generation := e.Generation
		done, refused, err = control.Several(parts, func(part I) error {
			last := e.Generation
			e.Generation = generation // all parts are one change of the endpoint
			was, err := change(ctx, tx, e, part)
			if err != nil {
				e.Generation = last
			} else {
				before = append(before, was)
			}
			return err
		})
		if err == nil && len(done) == 0 {
			return errAllRefused
		}
		a.Before = control.Describe(before)
		return err
	})
	if errors.Is(err, errAllRefused) {
		err = nil
	}
	return len(done), refused, err
}
