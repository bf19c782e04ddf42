package control

import (
	"context"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// SideChange is an endpoint before and after a change of something that it shares with others.
type SideChange struct{ Before, After vpn.Side }

// AnnounceFiles adds up what a change does to the configuration files of several endpoints. Where no file of theirs is
// recorded and no client is connected there is nothing to announce.
func (c *Core) AnnounceFiles(ctx context.Context, tx *store.Tx, changes []SideChange) (vpn.Announcement, error) {
	var total vpn.Announcement
	var concerned []vpn.EndpointID
	for _, change := range changes {
		effect := vpn.EffectOf(change.Before, change.After)
		if len(effect.Files) == 0 {
			continue
		}
		files, err := tx.CountProfileDownloads(ctx, change.Before.Endpoint.ID)
		if err != nil {
			return total, err
		}
		total.Files = effect.Files
		total.Stop, total.Again = total.Stop+files[change.Before.Revision()], total.Again+files[change.After.Revision()]
		concerned = append(concerned, change.Before.Endpoint.ID)
	}
	var err error
	if total.People, total.Connections, err = tx.CountPeople(ctx, time.Time{}, concerned...); err != nil {
		return total, err
	}
	if total.Stop == 0 && total.Connections == 0 {
		return vpn.Announcement{}, nil
	}
	return total, nil
}

// AnnounceAll adds up what a change of something that endpoints share does to all of them, and to those who are connected.
// It returns the endpoints that it does something to.
func (c *Core) AnnounceAll(ctx context.Context, tx *store.Tx, changes []SideChange) (vpn.Announcement, []vpn.EndpointID, error) {
	var total vpn.Announcement
	var concerned []vpn.EndpointID
	for _, change := range changes {
		effect := vpn.EffectOf(change.Before, change.After)
		if effect.None() {
			continue
		}
		concerned = append(concerned, change.Before.Endpoint.ID)
		total.Effect = total.Union(effect)
		if len(effect.Files) == 0 {
			continue
		}
		files, err := tx.CountProfileDownloads(ctx, change.Before.Endpoint.ID)
		if err != nil {
			return total, nil, err
		}
		total.Stop, total.Again = total.Stop+files[change.Before.Revision()], total.Again+files[change.After.Revision()]
		for _, n := range files {
			total.Recorded += n
		}
	}
	var err error
	total.People, total.Connections, err = tx.CountPeople(ctx, time.Time{}, concerned...)
	return total, concerned, err
}
