package access

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// SignInRequest is a sign-in as typed.
type SignInRequest struct {
	Username string
	Password string
	Source   string // client address
	Request  string
	OldToken string // the browser's present cookie; its session ends
	Browser  string // the mark of an earlier sign-in in this browser; "" for none
}

// SignedIn is a new session. Token is the value of its cookie, which is stored nowhere. Browser is the
// mark of the browser, which it keeps for BrowserLife.
type SignedIn struct {
	Token         string
	Browser       string
	Administrator vpn.Administrator
}

// errSignIn is the same for every failure, so that the answer does not tell which accounts exist.
func errSignIn() error {
	return vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "The user name or the password is wrong, or the account is disabled.")
}

// SignIn checks a user name and password and starts a session with a new identifier. Unavailable where
// too many passwords wait to be checked.
func (s *Service) SignIn(ctx context.Context, in SignInRequest) (SignedIn, error) {
	username := strings.ToLower(strings.TrimSpace(in.Username))
	if len(username) > 64 || len(in.Password) > vpn.MaxPassword {
		return SignedIn{}, errSignIn()
	}
	if ok, wait := s.signIns.allow(in.Source, username); !ok {
		return SignedIn{}, vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded,
			fmt.Sprintf("Too many attempts. Wait %d seconds and try again.", int(math.Ceil(wait.Seconds()))))
	}
	var admin vpn.Administrator
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { admin, err = tx.AdministratorByUsername(ctx, username); return err })
	if err != nil && vpn.KindOf(err) != vpn.NotFound {
		return SignedIn{}, err
	}
	ok, err := s.passwords.matches(ctx, admin.PasswordHash, in.Password, s.isKnownBrowser(in.Browser))
	if err != nil {
		return SignedIn{}, err
	}
	if !ok || admin.Disabled {
		actor := "unknown" // a name that no account has may be a password in the wrong field
		if admin.ID != "" {
			actor = admin.Username
		}
		s.core.AuditRefusal(ctx, control.Principal{Name: actor, Source: in.Source, Request: in.Request}, vpn.SignIn, "", errors.New("refused"))
		return SignedIn{}, errSignIn()
	}
	s.signIns.forget(in.Source, username)
	return s.startSession(ctx, admin, in)
}

func (s *Service) startSession(ctx context.Context, admin vpn.Administrator, in SignInRequest) (SignedIn, error) {
	token := newToken()
	err := s.core.Update(store.Urgent(ctx), func(tx *store.Tx) error { return s.openSession(ctx, tx, admin, token, in) })
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: token, Browser: s.markBrowser(in.Browser), Administrator: admin}, nil
}

func (s *Service) openSession(ctx context.Context, tx *store.Tx, admin vpn.Administrator, token string, in SignInRequest) error {
	now := s.core.Now()
	if in.OldToken != "" {
		if err := tx.DeleteSession(ctx, hashToken(in.OldToken)); err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
	}
	err := tx.CreateSession(ctx, vpn.WebSession{
		Hash: hashToken(token), Audience: AudienceConsole, Administrator: admin.ID,
		CreatedAt: now, SeenAt: now, Source: in.Source,
	})
	if err != nil {
		return err
	}
	fresh, err := tx.Administrator(ctx, admin.ID)
	if err != nil {
		return err
	}
	if fresh.Disabled || fresh.PasswordHash != admin.PasswordHash {
		return errSignIn() // disabled or reset while the password was being checked
	}
	if err := tx.RecordSignIn(ctx, admin.ID, now); err != nil {
		return err
	}
	record := s.core.Record(control.Principal{Name: admin.Username, Source: in.Source, Request: in.Request}, vpn.SignIn, string(admin.ID))
	return tx.Audit(ctx, record)
}
