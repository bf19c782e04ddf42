package certificate

import (
	"context"
	"time"

	"sallyport/store"
)

// PurgeRevocations takes the certificates that ended before a time off the lists that are made here, at most limit, and returns their
// number. The signed lists lose them when they are signed next.
func PurgeRevocations(ctx context.Context, tx *store.Tx, endedBefore time.Time, limit int) (int, error) {
	purged, err := tx.PurgeRevocations(ctx, endedBefore, limit)
	if err != nil {
		return 0, err
	}
	all := 0
	for key, n := range purged {
		list, err := tx.RevocationList(ctx, key)
		if err != nil {
			return 0, err
		}
		list.Entries = max(0, list.Entries-n)
		if err := tx.SaveRevocationList(ctx, list, nil); err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}
