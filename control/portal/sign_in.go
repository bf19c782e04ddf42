package portal

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/control/identity"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// How many sign-ins ask directories at a time, so that those of VPN clients find room: of one source, which may be a whole
// office, and in all; and how many wait.
var (
	proofsOfSource = turn.Limit{Places: 8, Wanted: 32}
	proofsOfAll    = turn.Limit{Places: 32, Wanted: 128}
)

// proofTime is how long a sign-in waits for its turn and the directory.
const proofTime = 20 * time.Second

// SignInRequest is a sign-in as typed.
type SignInRequest struct {
	Endpoint vpn.EndpointID
	Username string
	Password vpn.Secret
	Code     string // of the user's authenticator, where the directory asks for one
	By       Visitor
	Former   vpn.Secret // the browser's present cookie, whose session ends; empty: none
}

var (
	errBusy    = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "Many users sign in at the moment. Try again in a few seconds.")
	errChanged = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The settings of the sign-in changed meanwhile. Sign in again.")
	errSlow    = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory did not answer in time. Try again later.")
)

// SignIn has the endpoint's directory prove a user, within the limits of VPN logins, and begins a session. token is the value
// of its cookie. Errors: vpn.ErrPortalClosed; Invalid with the fields username, password and code; otherwise what the person
// may know of the refusal.
func (s *Service) SignIn(ctx context.Context, in SignInRequest) (token vpn.Secret, err error) {
	door, err := s.Door(ctx, in.Endpoint)
	if err != nil {
		return "", err
	}
	if door.asks == "" {
		return "", vpn.ErrPortalClosed
	}
	if err := checkTyped(in, door); err != nil {
		return "", err
	}
	token, user, err := s.signIn(ctx, door, in)
	if refused, ok := errors.AsType[*vpn.Error](err); ok {
		s.noteRefusal(ctx, refusedSignIn{door: door, typed: in.Username, user: user, by: in.By, refusal: refused, momentary: errors.Is(err, errBusy) || errors.Is(err, errChanged)})
		return "", refused.ToldToClient(door.Code)
	}
	return token, err
}

func checkTyped(in SignInRequest, door Door) error {
	var c vpn.Check
	if strings.TrimSpace(in.Username) == "" {
		c.Bad("username", "Enter your user name.")
	}
	if in.Password == "" {
		c.Bad("password", "Enter your password.")
	}
	if door.Code && strings.TrimSpace(in.Code) == "" {
		c.Bad("code", "Enter the code that your authenticator shows.")
	}
	return c.Err()
}

// signIn gives the user as far as the directory proved one.
func (s *Service) signIn(ctx context.Context, door Door, in SignInRequest) (token vpn.Secret, user vpn.ProviderUser, err error) {
	asking, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	done, err := s.proofs.Take(asking, control.SourceNetwork(in.By.Addr.String()))
	if err != nil {
		return "", user, cmp.Or(ctx.Err(), error(errBusy))
	}
	defer done()
	password := in.Password
	if door.Code {
		password = vpn.WithCode(password, in.Code)
	}
	proof, err := s.Prover.Prove(asking, identity.ProofRequest{Directory: door.asks, Username: in.Username, Password: password, From: in.By.Addr})
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return "", user, errSlow.Because(err)
		}
		return "", proof.User, err
	}
	user = proof.User
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if d, err := tx.Directory(ctx, door.asks); err != nil || !proof.Holds(d) {
			return cmp.Or(err, error(errChanged))
		}
		if token, err = s.startSession(ctx, tx, door, proof.User, time.Time{}, in.By); err != nil {
			return err
		}
		if err := tx.EndPortalSession(ctx, vpn.TokenDigest(in.Former), s.core.Now(), "The browser signed in again."); err != nil {
			return err
		}
		unused, err := tx.UseMFACode(ctx, proof.Code)
		if err == nil && !unused {
			err = vpn.ErrMFACodeUsed
		}
		return err
	})
	return token, user, err
}
