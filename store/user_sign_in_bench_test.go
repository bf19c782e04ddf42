package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport/vpn"
)

// The page of one of 10,000 users with 100,000 sign-ins of each kind reads those of the user alone.
func BenchmarkUserSignIns(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		f := newFixture()
		if err := s.Update(b.Context(), func(x *Tx) error { return f.store(b.Context(), x) }); err != nil {
			b.Fatal(err)
		}
		user := func(i int) vpn.UserRef {
			return vpn.UserRef{Provider: "d-0123456789", Key: fmt.Sprintf("guid-%05d", i%10_000)}
		}
		when := func(i int) time.Time { return at.Add(time.Duration(i) * time.Second) }
		seed(b, s, func(i int) vpnSessionRow {
			row, err := newVPNSessionRow(vpn.Session{ID: vpn.NewSessionID(), Endpoint: f.endpoint.ID, Provider: user(i).Provider, UserKey: user(i).Key, Token: fmt.Sprint(i), StartedAt: when(i), EndsAt: when(i).Add(24 * time.Hour)})
			if err != nil {
				b.Fatal(err)
			}
			return row
		})
		seed(b, s, func(i int) portalSessionRow {
			return portalSessionRow{Digest: fmt.Sprint("digest", i), ID: fmt.Sprintf("portal-%017x", i), Provider: string(user(i).Provider), Key: user(i).Key, Groups: "[]", Created: micros(when(i)), Seen: micros(when(i)), Ends: micros(when(i).Add(time.Hour))}
		})
		seed(b, s, func(i int) attemptRow {
			return attemptRow{Endpoint: string(f.endpoint.ID), Source: fmt.Sprint(i), Device: "198.51.100.7:0", Code: string(vpn.CodeUserCredentials), Reason: "wrong", Count: 1, First: micros(when(i)), At: micros(when(i)), Provider: string(user(i).Provider), UserKey: user(i).Key}
		})
		for name, read := range map[string]func(context.Context, *Tx, int) (int, error){
			"sign-ins": func(ctx context.Context, x *Tx, i int) (int, error) {
				list, err := x.SignInsOf(ctx, user(i), vpn.SignInPlace{}, 21)
				return len(list), err
			},
			"sessions": func(ctx context.Context, x *Tx, i int) (int, error) {
				list, err := x.OpenVPNSessionsOf(ctx, user(i), at, 101)
				return len(list), err
			},
			"attempts": func(ctx context.Context, x *Tx, i int) (int, error) {
				list, err := x.AttemptsOf(ctx, user(i), 10)
				return len(list), err
			},
		} {
			b.Run(name, func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if err := s.View(b.Context(), func(x *Tx) error {
						n, err := read(b.Context(), x, i*7919)
						if err == nil && n < 10 {
							err = fmt.Errorf("%d rows", n)
						}
						return err
					}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
