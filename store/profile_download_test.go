package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testProfileDownload(t *testing.T, s *Store) {
	f := stored(t, s)
	id := f.endpoint.ID
	a := vpn.ProfileDownload{Endpoint: id, Revision: "one", By: "admin", At: at}
	b := vpn.ProfileDownload{Endpoint: id, Revision: "two", Certificate: "cert-1", By: "admin", At: at.Add(time.Hour)}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, d := range []vpn.ProfileDownload{a, a, b} {
			if err := x.CreateProfileDownload(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	gone := attempt(t, s, func(ctx context.Context, x *Tx) error {
		return x.CreateProfileDownload(ctx, vpn.ProfileDownload{Endpoint: vpn.NewEndpointID(), At: at})
	})
	if gone == nil {
		t.Error("a download of a file of no endpoint is stored")
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "list", must[[]vpn.ProfileDownload](t)(x.ProfileDownloads(ctx, id, 2)), []vpn.ProfileDownload{b, a})
		same(t, "count", must[map[string]int](t)(x.CountProfileDownloads(ctx, id)), map[string]int{"one": 2, "two": 1})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "purged", must[int](t)(x.PurgeProfileDownloads(ctx, at.Add(time.Minute), 1)), 1)
		same(t, "purged again", must[int](t)(x.PurgeProfileDownloads(ctx, at.Add(time.Minute), 10)), 1)
		same(t, "left", must[map[string]int](t)(x.CountProfileDownloads(ctx, id)), map[string]int{"two": 1})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, d := range []vpn.ProfileDownload{a, b, b} {
			if err := x.CreateProfileDownload(ctx, d); err != nil {
				return err
			}
		}
		return x.boundDownloads(ctx, string(id), 2)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "the newest", must[[]vpn.ProfileDownload](t)(x.ProfileDownloads(ctx, id, 9)), []vpn.ProfileDownload{b, b})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteEndpoint(ctx, id) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "of a deleted endpoint", len(must[map[string]int](t)(x.CountProfileDownloads(ctx, id))), 0)
		return nil
	})
}

func testPeople(t *testing.T, s *Store) {
	c := func(id, user string, status vpn.ConnectionStatus, since time.Time) vpn.Connection {
		return vpn.Connection{ID: vpn.ConnectionID(id), Endpoint: "e", Username: user, Status: status, EstablishedAt: since}
	}
	create(t, s, c("1", "alice", vpn.ConnectionActive, at), c("2", "alice", vpn.ConnectionActive, at.Add(time.Hour)), c("3", "bob", vpn.ConnectionTerminating, at.Add(time.Hour)),
		c("4", "carol", vpn.ConnectionAway, at), c("5", "dave", vpn.ConnectionTerminated, at), c("6", "erin", vpn.ConnectionConnecting, time.Time{}))
	for before, want := range map[time.Time][2]int{{}: {2, 3}, at.Add(time.Minute): {1, 1}, at: {0, 0}} {
		view(t, s, func(ctx context.Context, x *Tx) error {
			people, connections, err := x.CountPeople(ctx, before, "e", "other")
			if err != nil || people != want[0] || connections != want[1] {
				t.Errorf("before %v: got %d people, %d connections, %v, want %v", before, people, connections, err, want)
			}
			return nil
		})
	}
}

// The list of the portal has what users fetched and nothing of administrators, page by page.
func testPortalDownloads(t *testing.T, s *Store) {
	f := stored(t, s)
	id := f.endpoint.ID
	update(t, s, func(ctx context.Context, x *Tx) error {
		for i := range 30 {
			d := vpn.ProfileDownload{Endpoint: id, Revision: "one", By: "Alice", User: vpn.UserRef{Provider: "d-1", Key: "alice"}, At: at.Add(time.Duration(i) * time.Minute)}
			if i%3 == 0 {
				d.By, d.User.Key = "bob_1", "bob"
			}
			if i%10 == 0 {
				d.By, d.User = "admin", vpn.UserRef{}
			}
			if err := x.CreateProfileDownload(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		first, err := x.PortalDownloads(ctx, vpn.List{Size: 10})
		if err != nil {
			return err
		}
		second, err := x.PortalDownloads(ctx, vpn.List{Size: 10, After: first.Next})
		if err != nil {
			return err
		}
		if len(first.Items) != 10 || first.Total != 27 || !first.Items[0].At.Equal(at.Add(29*time.Minute)) || len(second.Items) != 10 || !second.Items[0].At.Before(first.Items[9].At) {
			t.Errorf("got %d of %d, then %d", len(first.Items), first.Total, len(second.Items))
		}
		for term, want := range map[string]int{"ALI": 18, "b_1": 9, "admin": 0, "%": 0} {
			found, err := x.PortalDownloads(ctx, vpn.List{Size: 50, Search: term, Filter: map[string]string{"endpoint": string(id)}})
			if err != nil || len(found.Items) != want {
				t.Errorf("%s: %d found, want %d: %v", term, len(found.Items), want, err)
			}
		}
		none, err := x.PortalDownloads(ctx, vpn.List{Size: 50, Filter: map[string]string{"endpoint": "cvpn-endpoint-none"}})
		if len(none.Items) != 0 {
			t.Errorf("of another endpoint: %d", len(none.Items))
		}
		return err
	})
}
