package certificate

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// MaxChoices is the most entries that a selection offers; a form with more has a search of its own.
const MaxChoices = vpn.MaxPageSize

// Choices is what a selection of certificates offers.
type Choices struct {
	List []vpn.Certificate // newest first
	More bool              // there are others, which a search finds
}

// Choose lists the newest certificates that match and are usable, and those of keep, which are chosen
// already.
func Choose(ctx context.Context, tx *store.Tx, filter map[string]string, find string, usable func(vpn.Certificate) bool, keep ...vpn.CertificateID) (Choices, error) {
	page, err := tx.Certificates(ctx, vpn.List{Filter: filter, Search: find, Sort: "created_at", Desc: true, Size: MaxChoices})
	if err != nil {
		return Choices{}, err
	}
	out := Choices{More: page.Total > len(page.Items)}
	kept, err := tx.CertificatesByID(ctx, keep...)
	if err != nil {
		return out, err
	}
	for _, c := range page.Items {
		delete(kept, c.ID)
		if usable(c) {
			out.List = append(out.List, c)
		}
	}
	for _, id := range keep {
		if c, ok := kept[id]; ok && filter["use"] == string(c.Use) && usable(c) {
			out.List = append(out.List, c)
			delete(kept, id)
		}
	}
	return out, nil
}

// Authorities lists the authorities that can issue certificates here.
func (s *Service) Authorities(ctx context.Context, by control.Principal, find string, keep ...vpn.CertificateID) (out Choices, err error) {
	err = s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		out, err = Choose(ctx, tx, map[string]string{"use": string(vpn.UseAuthority)}, find, UsableWithKey(s.core.Now()), keep...)
		return err
	})
	return out, err
}

// UsableWithKey tells whether a certificate is valid at the given time and its key is kept.
func UsableWithKey(now time.Time) func(vpn.Certificate) bool {
	return func(c vpn.Certificate) bool { return c.HasKey && !c.Expired(now) }
}
