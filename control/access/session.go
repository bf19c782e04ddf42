package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AudienceConsole marks sessions of the console. A portal session can never act on it.
const AudienceConsole = "console"

// touchEvery bounds how often a session's last-seen time is written.
const touchEvery = time.Minute

// newToken makes a secret for a cookie or a link: 256 random bits. Only its hash is stored.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Authenticate finds the administrator of a session cookie. Denied where the session is unknown,
// over its limits, or its account is disabled. touch tells that a person made the request: requests
// that a page makes by itself do not extend a session.
func (s *Service) Authenticate(ctx context.Context, token string, touch bool) (vpn.Administrator, vpn.WebSession, error) {
	var admin vpn.Administrator
	var session vpn.WebSession
	signInFirst := vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "Sign in first.")
	if token == "" {
		return admin, session, signInFirst
	}
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		if session, err = tx.Session(ctx, hashToken(token)); err != nil {
			return err
		}
		admin, err = tx.Administrator(ctx, session.Administrator)
		return err
	})
	switch {
	case err != nil && vpn.KindOf(err) == vpn.NotFound:
		return admin, session, signInFirst
	case err != nil:
		return admin, session, err
	}
	now := s.core.Now()
	if session.Audience != AudienceConsole || admin.Disabled ||
		now.Sub(session.SeenAt) > s.limits.Idle || now.Sub(session.CreatedAt) > s.limits.Absolute ||
		control.FromTheFuture(session.SeenAt, now) || control.FromTheFuture(session.CreatedAt, now) { // the clock was set back, and the session would last longer by as much
		return vpn.Administrator{}, vpn.WebSession{}, signInFirst
	}
	if touch && now.Sub(session.SeenAt) > touchEvery {
		err = s.core.Update(ctx, func(tx *store.Tx) error { return tx.TouchSession(ctx, session.Hash, now) })
	}
	switch {
	case err != nil && vpn.KindOf(err) == vpn.NotFound: // it ended in the meantime
		return vpn.Administrator{}, vpn.WebSession{}, signInFirst
	case err != nil && vpn.KindOf(err) == vpn.Unavailable: // nothing can be stored: pages are shown all the same, with this fault
	case err != nil:
		return vpn.Administrator{}, vpn.WebSession{}, err
	}
	return admin, session, nil
}

// SignOut ends the session of a cookie. An unknown session is no error and is not recorded.
func (s *Service) SignOut(ctx context.Context, by control.Principal, token string) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		switch _, err := tx.Session(ctx, hashToken(token)); {
		case err != nil && vpn.KindOf(err) == vpn.NotFound:
			return nil
		case err != nil:
			return err
		}
		if err := tx.DeleteSession(ctx, hashToken(token)); err != nil {
			return err
		}
		record := s.core.Record(by, vpn.SignOut, by.ID)
		return tx.Audit(ctx, record)
	})
}
