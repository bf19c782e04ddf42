package store

import (
	"context"
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
