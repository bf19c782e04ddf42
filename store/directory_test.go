package store

import (
	"context"
	"testing"

	"sallyport/vpn"
)

func testDirectory(t *testing.T, s *Store) {
	f := stored(t, s)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "directory", must[vpn.Directory](t)(x.Directory(ctx, f.directory.ID)), f.directory)
		same(t, "password", must[vpn.Secret](t)(x.DirectoryPassword(ctx, f.directory.ID)), "bind password")
		same(t, "used by", must[[]vpn.EndpointRef](t)(x.EndpointsOfProvider(ctx, f.directory.ID.Provider())), []vpn.EndpointRef{{ID: f.endpoint.ID, Name: f.endpoint.Name}})
		same(t, "used by none", must[[]vpn.EndpointRef](t)(x.EndpointsOfProvider(ctx, "d-none")), []vpn.EndpointRef{})
		return nil
	})
	remove := func(ctx context.Context, x *Tx) error { return x.DeleteDirectory(ctx, f.directory.ID) }
	wantKind(t, "delete while in use", attempt(t, s, remove), vpn.Conflict)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteEndpoint(ctx, f.endpoint.ID) })
	update(t, s, remove)
}
