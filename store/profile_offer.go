package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

// profileOfferRow is what the self-service portal offers of an endpoint: since when the present revision, and how many files
// it has handed out. It is apart from the endpoint, whose saves it does not disturb.
type profileOfferRow struct {
	Endpoint string `gorm:"column:endpoint_id;primaryKey"`
	Revision string `gorm:"column:revision"`
	Since    int64  `gorm:"column:since"`
	Handed   int64  `gorm:"column:handed_out"`
}

func (profileOfferRow) TableName() string { return "profile_offer" }

// ProfileOffers reads what the self-service portal offers of endpoints; those that were never offered are absent.
func (t *Tx) ProfileOffers(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]vpn.ProfileOffer, error) {
	list, err := readAll(t.on(ctx).Where("endpoint_id IN ?", idStrings(ids)), downloadNoun, func(r profileOfferRow) (vpn.ProfileOffer, error) {
		return vpn.ProfileOffer{Endpoint: vpn.EndpointID(r.Endpoint), Revision: r.Revision, Since: instant(r.Since), HandedOut: int(r.Handed)}, nil
	})
	out := make(map[vpn.EndpointID]vpn.ProfileOffer, len(list))
	for _, o := range list {
		out[o.Endpoint] = o
	}
	return out, err
}

// OfferProfile notes that a revision is offered from now on. The number of files that were handed out stays.
func (t *Tx) OfferProfile(ctx context.Context, id vpn.EndpointID, revision string, now time.Time) error {
	row := profileOfferRow{Endpoint: string(id), Revision: clean(revision), Since: micros(now)}
	onConflict := clause.OnConflict{Columns: []clause.Column{{Name: "endpoint_id"}}, DoUpdates: clause.AssignmentColumns([]string{"revision", "since"})}
	return downloadNoun.wrote(t.on(ctx).Clauses(onConflict).Create(&row), row.Endpoint)
}

// CountHandedOut counts one more file that the self-service portal has handed out, of an offer that is noted.
func (t *Tx) CountHandedOut(ctx context.Context, id vpn.EndpointID) error {
	g := t.on(ctx).Exec("UPDATE profile_offer SET handed_out = handed_out + 1 WHERE endpoint_id = ?", clean(string(id)))
	return downloadNoun.wrote(g, string(id))
}
