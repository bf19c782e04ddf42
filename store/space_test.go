package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// A database that cannot grow refuses a change with a sentence, changes nothing and has a fault with its
// start; the fault ends with the first change that is saved.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := migrated(t, openAt(t, filepath.Join(t.TempDir(), "full.db")))
	s.options.Now = func() time.Time { return now }
	n := vpn.Network{ID: vpn.NewNetworkID(), Name: strings.Repeat("x", 100_000), CIDRs: newFixture().network.CIDRs, CreatedAt: now}
	create := func() error {
		return s.Update(t.Context(), func(x *Tx) error { return x.CreateNetwork(t.Context(), n) })
	}
	if _, full := s.Fault(); full {
		t.Fatal("full from the beginning")
	}
	if err := s.writing.Exec("PRAGMA max_page_count = 1").Error; err != nil { // no more than there are
		t.Fatal(err)
	}
	for range 2 {
		if err := create(); vpn.KindOf(err) != vpn.Unavailable || !strings.Contains(err.Error(), "Nothing was saved") {
			t.Fatalf("got %v", err)
		}
		if f, full := s.Fault(); !full || f.Message == "" || !f.Since.Equal(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)) {
			t.Errorf("got %+v, %v", f, full)
		}
		now = now.Add(time.Minute)
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		if _, err := x.Network(ctx, n.ID); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("a change that was refused: %v", err)
		}
		return nil
	})
	if err := s.writing.Exec("PRAGMA max_page_count = 1000000").Error; err != nil {
		t.Fatal(err)
	}
	if err := create(); err != nil {
		t.Fatal(err)
	}
	if f, full := s.Fault(); full {
		t.Errorf("there is room again: %+v", f)
	}
}

// The reserve of a full disk serves urgent changes alone, and is made again when there is room.
func TestReserve(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "full.db")
	s := migrated(t, openAt(t, path))
	size := func() int64 {
		info, err := os.Stat(path + ".reserve")
		if err != nil {
			return 0
		}
		return info.Size()
	}
	if size() != reserveSize {
		t.Fatalf("the reserve has %d bytes", size())
	}
	if err := s.writing.Exec("PRAGMA max_page_count = 1").Error; err != nil { // none beyond those there are
		t.Fatal(err)
	}
	add := func(ctx context.Context, more func()) error {
		return s.Update(ctx, func(x *Tx) error {
			if more != nil {
				more()
			}
			n := vpn.Network{ID: vpn.NewNetworkID(), Name: strings.Repeat("x", 100_000), CIDRs: newFixture().network.CIDRs, CreatedAt: at}
			return x.CreateNetwork(t.Context(), n)
		})
	}
	if err := add(t.Context(), nil); vpn.KindOf(err) != vpn.Unavailable || size() != reserveSize {
		t.Errorf("a change that is not urgent: %v, and the reserve has %d bytes", err, size())
	}
	runs := 0
	urgent := add(Urgent(t.Context()), func() {
		if runs++; runs == 2 && size() != 0 {
			t.Error("the urgent change runs again beside the reserve")
		}
	})
	if vpn.KindOf(urgent) != vpn.Unavailable || runs != 2 || size() != 0 {
		t.Errorf("an urgent change without room: %v after %d runs, and the reserve has %d bytes", urgent, runs, size())
	}
	if err := s.writing.Exec("PRAGMA max_page_count = 1000000").Error; err != nil {
		t.Fatal(err)
	}
	if err := add(Urgent(t.Context()), nil); err != nil {
		t.Errorf("an urgent change with room: %v", err)
	}
	if _, full := s.Fault(); !full {
		t.Error("an urgent change that the reserve made room for ended the fault")
	}
	if err := add(t.Context(), nil); vpn.KindOf(err) != vpn.Unavailable {
		t.Errorf("a change while the reserve is given up: %v", err)
	}
	s.reserve.mu.Lock()
	s.reserve.tried = time.Time{} // a second has passed
	s.reserve.mu.Unlock()
	if err := add(t.Context(), nil); err != nil || size() != reserveSize {
		t.Errorf("with room for the reserve: %v, and the reserve has %d bytes", err, size())
	}
	if _, full := s.Fault(); full {
		t.Error("the fault did not end")
	}
}
