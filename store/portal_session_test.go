package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testPortalSession(t *testing.T, s *Store) {
	now := at.UTC()
	session := func(digest string, ends time.Time) vpn.PortalSession {
		return vpn.PortalSession{Digest: digest, ID: vpn.PortalSessionID("id-" + digest), UserRef: vpn.UserRef{Provider: "d-1", Key: "alice"}, Name: "alice", CreatedAt: now, SeenAt: now, EndsAt: ends}
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, v := range []vpn.PortalSession{session("a", now.Add(8*time.Hour)), session("old", now), session("older", now)} {
			if err := x.CreatePortalSession(ctx, v); err != nil {
				return err
			}
		}
		n, err := x.PurgePortalSessions(ctx, now.Add(time.Second), 1)
		same(t, "purged at first", n, 1)
		if err == nil {
			n, err = x.PurgePortalSessions(ctx, now.Add(time.Second), 10)
		}
		same(t, "purged", n, 1)
		return err
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.TouchPortalSession(ctx, "a", now.Add(time.Minute)); err != nil {
			return err
		}
		if err := x.SavePortalGroups(ctx, vpn.UserRef{Provider: "d-1", Key: "alice"}, []vpn.Group{{ID: "staff"}}); err != nil {
			return err
		}
		got, err := x.PortalSession(ctx, "a")
		same(t, "touched", got.SeenAt.Equal(now.Add(time.Minute)) && len(got.Groups) == 1, true)
		if err != nil {
			return err
		}
		return x.EndPortalSession(ctx, "a", now, "Signed out.")
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		for _, digest := range []string{"a", "old", "older", "unknown"} {
			if _, err := x.PortalSession(ctx, digest); vpn.KindOf(err) != vpn.NotFound {
				t.Errorf("session %s: got %v, want that it is not found", digest, err)
			}
		}
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.TouchPortalSession(ctx, "a", now); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("an ended session is touched: %v", err)
		}
		return x.EndPortalSession(ctx, "a", now.Add(time.Hour), "again")
	})
}

// The sessions of a user above a number end, those of others and those that are over count for nothing.
func testPortalSessionsAbove(t *testing.T, s *Store) {
	now := at.UTC()
	alice := vpn.UserRef{Provider: "d-1", Key: "alice"}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for i, v := range []vpn.PortalSession{
			{Digest: "unused", SeenAt: now}, {Digest: "used", SeenAt: now.Add(time.Minute)}, {Digest: "new", SeenAt: now.Add(2 * time.Minute)},
			{Digest: "idle", SeenAt: now.Add(-time.Hour)}, {Digest: "over", SeenAt: now.Add(3 * time.Minute), EndsAt: now},
			{Digest: "other", SeenAt: now, UserRef: vpn.UserRef{Provider: "d-1", Key: "bob"}},
		} {
			v.ID, v.CreatedAt = vpn.PortalSessionID("above-"+v.Digest), now.Add(-time.Duration(i)*time.Minute)
			if v.Key == "" {
				v.UserRef = alice
			}
			if v.EndsAt.IsZero() {
				v.EndsAt = now.Add(time.Hour)
			}
			if err := x.CreatePortalSession(ctx, v); err != nil {
				return err
			}
		}
		return x.EndPortalSessionsAbove(ctx, 2, alice, now.Add(-time.Minute), now.Add(time.Second), "too many")
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, digest := range []string{"used", "new", "idle", "over", "other"} {
			if _, err := x.PortalSession(ctx, digest); err != nil {
				t.Errorf("session %s: %v", digest, err)
			}
		}
		if _, err := x.PortalSession(ctx, "unused"); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("the one above: %v", err)
		}
		next, err := x.PortalSession(ctx, "new")
		if err != nil {
			return err
		}
		next.Digest, next.Purpose, next.Source = "newer", vpn.ForFirstFactor, "192.0.2.1"
		if err := x.SavePortalCookie(ctx, "new", next); err != nil {
			return err
		}
		got, err := x.PortalSession(ctx, "newer")
		same(t, "with another cookie", got, next)
		if err := x.SavePortalCookie(ctx, "unused", next); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("another cookie of an ended session: %v", err)
		}
		return err
	})
}

func testProfileOffer(t *testing.T, s *Store) {
	f := stored(t, s)
	id, now := f.endpoint.ID, at.UTC()
	alice, bob := vpn.UserRef{Provider: "d-1", Key: "alice"}, vpn.UserRef{Provider: "d-1", Key: "bob"}
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.OfferProfile(ctx, id, "one", now); err != nil {
			return err
		}
		for range 2 {
			if err := x.CountHandedOut(ctx, id); err != nil {
				return err
			}
		}
		if err := x.CountHandedOut(ctx, "cvpn-endpoint-none"); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("an endpoint without an offer: %v", err)
		}
		for _, d := range []vpn.ProfileDownload{{Revision: "one", User: alice}, {Revision: "two", User: alice}, {Revision: "three", User: bob}, {Revision: "four"}} {
			d.Endpoint, d.At = id, now
			if err := x.CreateProfileDownload(ctx, d); err != nil {
				return err
			}
		}
		return x.OfferProfile(ctx, id, "two", now.Add(time.Hour))
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		offers, err := x.ProfileOffers(ctx, id, "cvpn-endpoint-none")
		same(t, "offers", offers, map[vpn.EndpointID]vpn.ProfileOffer{id: {Endpoint: id, Revision: "two", Since: now.Add(time.Hour), HandedOut: 2}})
		if err != nil {
			return err
		}
		for user, want := range map[vpn.UserRef]string{alice: "two", bob: "three", {Provider: "d-2", Key: "alice"}: ""} {
			last, err := x.LastProfileDownloads(ctx, user)
			if err != nil {
				return err
			}
			same(t, "last of "+user.Key, last[id].Revision, want)
		}
		return nil
	})
}
