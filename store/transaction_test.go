package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"

	"sallyport/vpn"
)

func testRollback(t *testing.T, s *Store) {
	f, stop := newFixture(), errors.New("stop")
	err := attempt(t, s, func(ctx context.Context, x *Tx) error {
		if err := f.store(ctx, x); err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", stop)
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the function's own error", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = attempt(t, s, func(ctx context.Context, x *Tx) error {
			if err := f.store(ctx, x); err != nil {
				return err
			}
			panic("halfway")
		})
	}()
	view(t, s, func(ctx context.Context, x *Tx) error {
		if n := must[vpn.Page[vpn.Network]](t)(x.Networks(ctx, vpn.List{})).Total; n != 0 {
			t.Errorf("%d networks were kept", n)
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	update(t, s, f.store) // and the store still works
}

func testView(t *testing.T, s *Store) {
	f := stored(t, s)
	err := s.View(t.Context(), func(x *Tx) error { return x.DeleteEndpoint(t.Context(), f.endpoint.ID) })
	if err == nil || vpn.KindOf(err) != vpn.Internal {
		t.Errorf("writing in a view: got %v, want an internal error", err)
	}
	// A view is a snapshot, and neither waits for the other.
	view(t, s, func(ctx context.Context, x *Tx) error {
		before := must[vpn.Endpoint](t)(x.Endpoint(ctx, f.endpoint.ID))
		changed := before
		changed.Name = "changed meanwhile"
		update(t, s, func(ctx context.Context, x *Tx) error {
			if err := x.SaveEndpoint(ctx, changed); err != nil {
				return err
			}
			view(t, s, func(ctx context.Context, x *Tx) error {
				same(t, "beside an open update", must[vpn.Endpoint](t)(x.Endpoint(ctx, f.endpoint.ID)), before)
				return nil
			})
			return nil
		})
		same(t, "in the same view", must[vpn.Endpoint](t)(x.Endpoint(ctx, f.endpoint.ID)), before)
		return nil
	})
}

// together runs f in n goroutines at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}

func testNoLostUpdate(t *testing.T, s *Store) {
	f := stored(t, s)
	f.endpoint.Generation = 0
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveEndpoint(ctx, f.endpoint) })
	const people, changes = 16, 8
	together(people, func(i int) {
		for n := range changes {
			err := s.Update(t.Context(), func(x *Tx) error {
				e, err := x.LockEndpoint(t.Context(), f.endpoint.ID)
				if err != nil {
					return err
				}
				e.Generation++
				r := vpn.Rule{ID: vpn.NewRuleID(), Endpoint: e.ID, Destination: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), byte(n), 0}), 24), AllUsers: true}
				if err := x.CreateRule(t.Context(), r); err != nil {
					return err
				}
				return x.SaveEndpoint(t.Context(), e)
			})
			if err != nil {
				t.Errorf("change %d of %d: %v", n, i, err)
			}
			if err := s.View(t.Context(), func(x *Tx) error {
				_, err := x.RulesOf(t.Context(), f.endpoint.ID)
				return err
			}); err != nil {
				t.Errorf("view: %v", err)
			}
		}
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		got := must[vpn.Endpoint](t)(x.Endpoint(ctx, f.endpoint.ID)).Generation
		rules := len(must[[]vpn.Rule](t)(x.RulesOf(ctx, f.endpoint.ID)))
		if got != people*changes || rules != people*changes {
			t.Errorf("got generation %d and %d rules, want %d of each", got, rules, people*changes)
		}
		return nil
	})
}

// testWriteSkew has a conflict that no lock on one row prevents: each transaction reads all rows and writes
// another one. Two administrators must not take each other's rights away.
func testWriteSkew(t *testing.T, s *Store) {
	var admins []vpn.Administrator
	update(t, s, func(ctx context.Context, x *Tx) error {
		admins = nil
		for i := range 8 {
			a := newAdministrator(fmt.Sprintf("admin%d", i))
			admins = append(admins, a)
			if err := x.CreateAdministrator(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	last := vpn.Refuse(vpn.Conflict, "", "This is the last administrator.")
	var kept sync.Map
	together(len(admins), func(i int) {
		err := s.Update(t.Context(), func(x *Tx) error {
			n, err := x.CountAdministrators(t.Context(), vpn.RoleAdministrator)
			if err != nil {
				return err
			}
			if n == 1 {
				return last
			}
			a := admins[i]
			a.Disabled = true
			return x.SaveAdministrator(t.Context(), a)
		})
		switch {
		case errors.Is(err, last):
			kept.Store(i, true)
		case err != nil:
			t.Errorf("%d: %v", i, err)
		}
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		if n := must[int](t)(x.CountAdministrators(ctx, vpn.RoleAdministrator)); n != 1 {
			t.Errorf("%d administrators are left, want 1", n)
		}
		return nil
	})
}

// Two stores on one database are two processes: web and a command of the administrator, or the web
// processes of two nodes.
func TestTwoProcessesOnOneDatabase(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": server.database(t)} {
		t.Run(name, func(t *testing.T) {
			stores := []*Store{migrated(t, openAt(t, dsn)), openAt(t, dsn)}
			f := stored(t, stores[0])
			f.endpoint.Generation = 0
			update(t, stores[0], func(ctx context.Context, x *Tx) error { return x.SaveEndpoint(ctx, f.endpoint) })
			const people, changes = 8, 8
			together(people, func(i int) {
				for range changes {
					err := stores[i%2].Update(t.Context(), func(x *Tx) error {
						e, err := x.Endpoint(t.Context(), f.endpoint.ID) // even without the lock
						if err != nil {
							return err
						}
						e.Generation++
						return x.SaveEndpoint(t.Context(), e)
					})
					if err != nil {
						t.Errorf("process %d: %v", i%2, err)
					}
				}
			})
			view(t, stores[1], func(ctx context.Context, x *Tx) error {
				if got := must[vpn.Endpoint](t)(x.Endpoint(ctx, f.endpoint.ID)).Generation; got != people*changes {
					t.Errorf("got generation %d, want %d", got, people*changes)
				}
				return nil
			})
		})
	}
}
