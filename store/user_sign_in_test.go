package store

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sallyport/vpn"
)

// The sign-ins of a user are one list, in pages, and no other user's are in it.
func testUserSignIns(t *testing.T, s *Store) {
	f := stored(t, s)
	now := at.UTC()
	alice, bob := vpn.UserRef{Provider: "d-1", Key: "alice"}, vpn.UserRef{Provider: "d-1", Key: "bob"}
	attempt := func(u vpn.UserRef, reason string, portal bool) vpn.RefusedAttempt {
		return vpn.RefusedAttempt{Endpoint: f.endpoint.ID, Device: netip.MustParseAddrPort("198.51.100.7:0"), Username: u.Key, Code: vpn.CodeUserCredentials, Reason: reason, User: u, Portal: portal}
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, u := range []vpn.UserRef{alice, bob} {
			for i := range 4 { // pairs at one moment
				when := now.Add(time.Duration(i/2) * time.Minute)
				portal, _ := vpn.NewPortalSession(u.Provider, vpn.ProviderUser{Key: u.Key, Name: u.Key}, "192.0.2.7", time.Time{}, when)
				session := vpn.Session{ID: vpn.NewSessionID(), Endpoint: f.endpoint.ID, Provider: u.Provider, UserKey: u.Key, StartedAt: when, EndsAt: when.Add(time.Hour)}
				for _, err := range []error{
					x.CreateVPNSession(ctx, session), x.CreatePortalSession(ctx, portal), x.CreateAttempt(ctx, attempt(u, fmt.Sprint("wrong", i), i == 0), when),
				} {
					if err != nil {
						return err
					}
				}
			}
		}
		return x.CreateAttempt(ctx, vpn.RefusedAttempt{Endpoint: f.endpoint.ID, Reason: "unknown"}, now)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		whole, err := x.SignInsOf(ctx, alice, vpn.SignInPlace{}, 100)
		same(t, "sign-ins of alice", len(whole), 12)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		after := vpn.SignInPlace{}
		for page := range 12 {
			list, err := x.SignInsOf(ctx, alice, vpn.ReadSignInPlace(after.String()), 1)
			if err != nil || len(list) != 1 || list[0].ID() != whole[page].ID() || seen[list[0].ID()] {
				t.Fatalf("page %d: %+v, %v", page, list, err)
			}
			seen[list[0].ID()], after = true, list[0].Place()
		}
		for _, in := range whole {
			switch in.Kind {
			case vpn.SignInVPN:
				_, err = x.VPNSessionOf(ctx, bob, in.VPN.ID)
			case vpn.SignInPortal:
				_, err = x.PortalSessionOf(ctx, bob, in.Portal.ID)
			default:
				_, err = x.AttemptOf(ctx, bob, in.Refused.Number)
			}
			if vpn.KindOf(err) != vpn.NotFound {
				t.Errorf("%s of alice is bob's: %v", in.ID(), err)
			}
		}
		open, err := x.OpenVPNSessionsOf(ctx, alice, now.Add(time.Hour), 10)
		same(t, "open sessions", len(open), 2)
		if err != nil {
			return err
		}
		attempts, err := x.AttemptsOf(ctx, alice, 10)
		same(t, "attempts", len(attempts), 4)
		same(t, "at the portal", attempts[3].Portal || attempts[2].Portal, true)
		return err
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		var kept, other vpn.PortalSession
		list, err := x.SignInsOf(ctx, alice, vpn.SignInPlace{}, 100)
		for _, in := range list {
			if in.Kind == vpn.SignInPortal {
				kept, other = in.Portal, kept
			}
		}
		if err != nil {
			return err
		}
		if err := x.EndPortalSessionsOf(ctx, now, "reported", kept.Digest, alice); err != nil {
			return err
		}
		if _, err := x.PortalSession(ctx, other.Digest); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("an ended session: %v", err)
		}
		again, err := x.PortalSessionOf(ctx, alice, other.ID)
		same(t, "why it ended", again.EndReason, "reported")
		if err == nil {
			_, err = x.PortalSession(ctx, kept.Digest)
		}
		live, liveErr := x.DirectoryPortalSessions(ctx, now.Add(-time.Hour), now)
		same(t, "live sessions", len(live), 5)
		if err == nil {
			err = liveErr
		}
		return err
	})
}

func testUserReport(t *testing.T, s *Store) {
	now := at.UTC()
	u := vpn.UserRef{Provider: "d-1", Key: "alice"}
	first, second := vpn.NewUserReport(u, "alice", "a", "text", "192.0.2.7", now), vpn.NewUserReport(u, "alice", "b", "text", "192.0.2.7", now.Add(time.Minute))
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, r := range []vpn.UserReport{first, second} {
			if err := x.CreateUserReport(ctx, r); err != nil {
				return err
			}
		}
		if err := first.Acknowledge("admin", now); err != nil {
			return err
		}
		return x.SaveUserReport(ctx, first)
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		open, err := x.OpenUserReports(ctx, 10)
		same(t, "open", open, []vpn.UserReport{second})
		if err != nil {
			return err
		}
		all, err := x.UserReportsOf(ctx, u, 10)
		same(t, "of alice", all, []vpn.UserReport{second, first})
		if err != nil {
			return err
		}
		n, err := x.PurgeUserReports(ctx, now.Add(time.Second), 10)
		same(t, "purged", n, 1)
		return err
	})
}
