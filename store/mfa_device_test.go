package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport/vpn"
)

func storedDirectory(t *testing.T, s *Store) vpn.Directory {
	t.Helper()
	d := vpn.Directory{ID: vpn.NewDirectoryID(), Name: "corp", Version: 1, CreatedAt: at}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateDirectory(ctx, d, "x") })
	return d
}

func testMFADevice(t *testing.T, s *Store) {
	d := storedDirectory(t, s)
	waiting := vpn.NewMFADevice(d.ID, vpn.ProviderUser{Key: "guid-1", Name: "Alice"}, "admin", at)
	confirmed := waiting
	confirmed.UsedStep, confirmed.ConfirmedAt = 41, at.Add(time.Minute)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateMFADevice(ctx, waiting, "KEY") })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "device", must[vpn.MFADevice](t)(x.MFADevice(ctx, d.ID, waiting.ID)), waiting)
		same(t, "device of the user", must[vpn.MFADevice](t)(x.MFADeviceOf(ctx, d.ID, "guid-1")), waiting)
		same(t, "key", must[vpn.Secret](t)(x.MFADeviceKey(ctx, waiting.ID)).Reveal(), "KEY")
		if _, err := x.MFADevice(ctx, vpn.NewDirectoryID(), waiting.ID); vpn.CodeOf(err) != vpn.CodeMFADeviceNotFound {
			t.Errorf("at another directory: %v", err)
		}
		return nil
	})
	second := waiting
	second.ID = vpn.NewMFADeviceID()
	if err := attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateMFADevice(ctx, second, "KEY") }); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("a second device of the user: %v", err)
	}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.ConfirmMFADevice(ctx, confirmed) })
	update(t, s, func(ctx context.Context, x *Tx) error {
		for i, step := range []int64{41, 42, 42, 40, 43} {
			same(t, fmt.Sprint("code ", i), must[bool](t)(x.UseMFACode(ctx, vpn.MFACode{Device: waiting.ID, Step: step})), step > 41 && i != 2)
		}
		return nil
	})
	confirmed.UsedStep = 43
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "list", must[vpn.Page[vpn.MFADevice]](t)(x.MFADevices(ctx, d.ID, vpn.List{Search: "ali"})).Items, []vpn.MFADevice{confirmed})
		same(t, "list of another directory", len(must[vpn.Page[vpn.MFADevice]](t)(x.MFADevices(ctx, vpn.NewDirectoryID(), vpn.List{})).Items), 0)
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteMFADevice(ctx, waiting.ID) })
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateMFADevice(ctx, second, "KEY") })
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteDirectory(ctx, d.ID) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		if _, err := x.MFADeviceKey(ctx, second.ID); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("the device outlives its directory: %v", err)
		}
		return nil
	})
}

func testSignIns(t *testing.T, s *Store) {
	d := storedDirectory(t, s)
	alice, bob, home, work := NewSignInID("user", "a"), NewSignInID("user", "b"), NewSignInID("source", "1"), NewSignInID("source", "2")
	if NewSignInID("ab", "c") == NewSignInID("a", "bc") {
		t.Error("two subjects have one ID")
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "none", must[vpn.SignInFailures](t)(x.SignInFailures(ctx, alice)), vpn.SignInFailures{})
		for n := range 2 {
			if err := x.SaveSignInFailures(ctx, alice, vpn.SubjectUser, vpn.SignInFailures{Count: n + 1, Last: at}); err != nil {
				return err
			}
		}
		same(t, "saved", must[vpn.SignInFailures](t)(x.SignInFailures(ctx, alice)), vpn.SignInFailures{Count: 2, Last: at})
		same(t, "never", must[time.Time](t)(x.SignedInAt(ctx, d.ID, alice, home)), time.Time{})
		if err := x.SaveSignIn(ctx, d.ID, alice, at, home, work); err != nil {
			return err
		}
		if err := x.SaveSignIn(ctx, d.ID, alice, at.Add(time.Hour), home); err != nil {
			return err
		}
		same(t, "from home", must[time.Time](t)(x.SignedInAt(ctx, d.ID, alice, home)), at.Add(time.Hour))
		same(t, "from either", must[time.Time](t)(x.SignedInAt(ctx, d.ID, alice, work, home)), at.Add(time.Hour))
		same(t, "another account", must[time.Time](t)(x.SignedInAt(ctx, d.ID, bob, home)), time.Time{})
		same(t, "any account", must[time.Time](t)(x.SignedInAt(ctx, d.ID, "", work)), at)
		same(t, "another directory", must[time.Time](t)(x.SignedInAt(ctx, vpn.NewDirectoryID(), "", work)), time.Time{})
		for n := range keptSignInPlaces {
			if err := x.SaveSignIn(ctx, d.ID, alice, at.Add(2*time.Hour), NewSignInID("source", fmt.Sprint("n", n))); err != nil {
				return err
			}
		}
		same(t, "the oldest is forgotten", must[time.Time](t)(x.SignedInAt(ctx, d.ID, alice, work)), time.Time{})
		if err := x.SaveSignIn(ctx, d.ID, bob, at, work); err != nil {
			return err
		}
		same(t, "purged places", must[int](t)(x.PurgeSignIns(ctx, at.Add(time.Minute), 10)), 1)
		same(t, "purged failures", must[int](t)(x.PurgeSignInFailures(ctx, at.Add(time.Minute), 10)), 1)
		if err := x.SaveSignInFailures(ctx, home, vpn.SubjectSource, vpn.SignInFailures{Count: 1, Last: at}); err != nil {
			return err
		}
		if err := x.ForgetSignInFailures(ctx, home); err != nil {
			return err
		}
		same(t, "forgotten", must[vpn.SignInFailures](t)(x.SignInFailures(ctx, home)), vpn.SignInFailures{})
		return nil
	})
}
