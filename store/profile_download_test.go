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
