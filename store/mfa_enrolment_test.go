package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

func testMFAEnrolment(t *testing.T, s *Store) {
	d, now := storedDirectory(t, s), at.UTC()
	alice := vpn.UserRef{Provider: d.ID.Provider(), Key: "guid-1"}
	session := vpn.PortalSession{Digest: "a", ID: "portal-1", UserRef: alice, Name: "alice", Purpose: vpn.ForFirstFactor, CreatedAt: now, SeenAt: now, EndsAt: now.Add(time.Hour)}
	other := session
	other.Digest, other.ID = "b", "portal-2"
	enrolment := vpn.MFAEnrolment{Session: "a", Directory: d.ID, UserKey: "guid-1", Username: "alice", Replaces: "mfa-1", Code: "digest", CreatedAt: now}
	device := vpn.NewMFADevice(d.ID, vpn.ProviderUser{Key: "guid-1", Name: "alice"}, "alice", now)
	device.SelfEnrolled = true
	code := vpn.EnrolmentCode{Directory: d.ID, UserKey: "guid-1", Username: "alice", Digest: "x", CreatedAt: now, CreatedBy: "admin", EndsAt: now.Add(time.Hour)}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, v := range []vpn.PortalSession{session, other} {
			if err := x.CreatePortalSession(ctx, v); err != nil {
				return err
			}
		}
		if err := x.SaveMFAEnrolment(ctx, enrolment, "FIRST"); err != nil {
			return err
		}
		if err := x.SaveMFAEnrolment(ctx, enrolment, "KEY"); err != nil {
			return err
		}
		if err := x.CreateMFADevice(ctx, device, "KEY"); err != nil {
			return err
		}
		if err := x.SaveRecoveryCodes(ctx, device.ID, []string{"old"}, now); err != nil {
			return err
		}
		if err := x.SaveRecoveryCodes(ctx, device.ID, []string{"one", "two"}, now); err != nil {
			return err
		}
		if err := x.SaveEnrolmentCode(ctx, vpn.EnrolmentCode{Directory: d.ID, UserKey: "guid-1", Digest: "former"}); err != nil {
			return err
		}
		return x.SaveEnrolmentCode(ctx, code)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		e, key, err := x.MFAEnrolment(ctx, "a", alice)
		same(t, "enrolment", e, enrolment)
		same(t, "key", key.Reveal(), "KEY")
		for _, of := range []struct {
			session string
			user    vpn.UserRef
		}{{"b", alice}, {"a", vpn.UserRef{Provider: alice.Provider, Key: "guid-2"}}, {"secret", alice}} {
			if _, key, err := x.MFAEnrolment(ctx, of.session, of.user); vpn.KindOf(err) != vpn.NotFound || key != "" || strings.Contains(err.Error(), "secret") {
				t.Errorf("session %s of %s: %v", of.session, of.user.Key, err)
			}
		}
		same(t, "session", must[vpn.PortalSession](t)(x.PortalSession(ctx, "a")).Purpose, vpn.ForFirstFactor)
		same(t, "device", must[vpn.MFADevice](t)(x.MFADevice(ctx, d.ID, device.ID)), device)
		same(t, "enrolment code", must[vpn.EnrolmentCode](t)(x.EnrolmentCode(ctx, d.ID, "guid-1")), code)
		if _, err := x.EnrolmentCode(ctx, d.ID, "guid-2"); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("the enrolment code of another user: %v", err)
		}
		return err
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		used := now.Add(time.Minute)
		same(t, "unused", must[bool](t)(x.HasRecoveryCode(ctx, device.ID, "one")), true)
		same(t, "used at first", must[bool](t)(x.UseRecoveryCode(ctx, device.ID, "one", used)), true)
		same(t, "used again", must[bool](t)(x.UseRecoveryCode(ctx, device.ID, "one", used)), false)
		same(t, "unused again", must[bool](t)(x.HasRecoveryCode(ctx, device.ID, "one")), false)
		same(t, "of the set before", must[bool](t)(x.UseRecoveryCode(ctx, device.ID, "old", used)), false)
		same(t, "of another device", must[bool](t)(x.UseRecoveryCode(ctx, "mfa-2", "two", used)), false)
		same(t, "recovery codes", must[vpn.RecoveryState](t)(x.RecoveryState(ctx, device.ID)), vpn.RecoveryState{Made: now, Left: 1, UsedAt: used})
		return x.DeleteMFADevice(ctx, device.ID)
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "of a device that is gone", must[vpn.RecoveryState](t)(x.RecoveryState(ctx, device.ID)), vpn.RecoveryState{})
		same(t, "purged codes", must[int](t)(x.PurgeEnrolmentCodes(ctx, code.EndsAt, 10)), 0)
		same(t, "purged codes", must[int](t)(x.PurgeEnrolmentCodes(ctx, code.EndsAt.Add(time.Second), 10)), 1)
		same(t, "purged enrolments", must[int](t)(x.PurgeMFAEnrolments(ctx, now, 10)), 0)
		same(t, "purged enrolments", must[int](t)(x.PurgeMFAEnrolments(ctx, now.Add(time.Second), 10)), 1)
		if err := x.SaveMFAEnrolment(ctx, enrolment, "KEY"); err != nil {
			return err
		}
		if err := x.DeleteMFAEnrolmentsOf(ctx, d.ID, "guid-2"); err != nil {
			return err
		}
		if _, _, err := x.MFAEnrolment(ctx, "a", alice); err != nil {
			return err
		}
		if err := x.DeleteMFAEnrolmentsOf(ctx, d.ID, "guid-1"); err != nil {
			return err
		}
		if _, _, err := x.MFAEnrolment(ctx, "a", alice); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("given up: %v", err)
		}
		if err := x.SaveMFAEnrolment(ctx, enrolment, "KEY"); err != nil {
			return err
		}
		_, err := x.PurgePortalSessions(ctx, now.Add(2*time.Hour), 10)
		return err
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		if _, _, err := x.MFAEnrolment(ctx, "a", alice); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("the enrolment outlives its session: %v", err)
		}
		return nil
	})
}
