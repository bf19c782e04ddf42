package store

import (
	"bytes"
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

// A logo is found by its own digest; a save without a picture keeps it.
func testLogo(t *testing.T, s *Store) {
	b := vpn.Branding{Title: "VPN", Logo: vpn.LogoRef{Digest: "one", Width: 4, Height: 2}, Version: 1}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveBranding(ctx, b, []byte{1, 2}) })
	b.Title = "Office VPN"
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveBranding(ctx, b, nil) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		if picture, err := x.Logo(ctx, "one"); err != nil || !bytes.Equal(picture, []byte{1, 2}) {
			t.Errorf("got %v, %v", picture, err)
		}
		for _, digest := range []string{"", "two", "\x00"} {
			if _, err := x.Logo(ctx, digest); vpn.KindOf(err) != vpn.NotFound {
				t.Errorf("logo %q: %v", digest, err)
			}
		}
		return nil
	})
	b.Logo = vpn.LogoRef{}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveBranding(ctx, b, nil) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		var row brandingRow
		err := x.on(ctx).Take(&row).Error
		if len(row.Logo) != 0 || row.Title != "Office VPN" {
			t.Errorf("after its removal: %d bytes of %q", len(row.Logo), row.Title)
		}
		return err
	})
}

// Files that no installer has are purged piece by piece when they are old; the one that is offered stays.
func testInstallerFiles(t *testing.T, s *Store) {
	old := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	put := func(id string, at time.Time) {
		update(t, s, func(ctx context.Context, x *Tx) error {
			if err := x.CreateInstallerFile(ctx, id, at); err != nil {
				return err
			}
			for n := range 3 {
				if err := x.AddInstallerPiece(ctx, id, n, []byte{byte(n)}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	put("offered", old)
	put("replaced", old)
	put("new", old.Add(time.Hour))
	update(t, s, func(ctx context.Context, x *Tx) error {
		return x.SaveInstaller(ctx, vpn.Installer{Platform: vpn.MacOS, Program: vpn.Tunnelblick, File: "offered", Size: 3, At: old})
	})
	for _, want := range []int{2, 1, 1, 0} { // pieces, then the file
		update(t, s, func(ctx context.Context, x *Tx) error {
			n, err := x.PurgeInstallerFiles(ctx, old.Add(time.Minute), 2)
			if n != want {
				t.Errorf("%d rows purged, want %d", n, want)
			}
			return err
		})
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		for _, id := range []string{"offered", "new"} {
			if piece, err := x.InstallerPiece(ctx, id, 2); err != nil || !bytes.Equal(piece, []byte{2}) {
				t.Errorf("%s: %v, %v", id, piece, err)
			}
		}
		if _, err := x.InstallerPiece(ctx, "replaced", 0); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("a purged piece: %v", err)
		}
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteInstaller(ctx, vpn.MacOS) })
	if err := s.Update(t.Context(), func(x *Tx) error { return x.DeleteInstaller(t.Context(), vpn.MacOS) }); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("removed twice: %v", err)
	}
}
