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

// signInsOfUser is how often the right password begins a session: each is a record of the audit trail, which may be kept for ever. Those at
// SAML providers are bounded by beginsOfNetwork.
var signInsOfUser = turn.Rate{Burst: 60, Every: 10 * time.Second}

// proofTime is how long a sign-in waits for its turn and the directory.
const proofTime = 20 * time.Second

// SignInRequest is a sign-in as typed.
type SignInRequest struct {
	Endpoint vpn.EndpointID
	Username string
	Password vpn.Secret
	Code     string // of the user's authenticator, or a recovery code, where the directory asks for one; empty: the user has none
	By       Visitor
	Former   vpn.Secret // the browser's present cookie, whose session ends; empty: none
}

var (
	errBusy    = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "Many users sign in at the moment. Try again in a few seconds.")
	errChanged = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The settings of the sign-in changed meanwhile. Sign in again.")
	errMany    = vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "You signed in many times within a short time. Try again in a few seconds.")
	errSlow    = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory did not answer in time. Try again later.")
)

// SignIn has the endpoint's directory prove a user, within the limits of VPN logins, and begins a session, which is for setting
// up an authenticator alone where the user has none or gave a recovery code. token is the value of its cookie. Errors: vpn.ErrPortalClosed; Invalid with the fields username and password; otherwise what the person
// may know of the refusal.
func (s *Service) SignIn(ctx context.Context, in SignInRequest) (token vpn.Secret, err error) {
	door, err := s.Door(ctx, in.Endpoint)
	if err != nil {
		return "", err
	}
	if door.asks == "" {
		return "", vpn.ErrPortalClosed
	}
	if err := checkTyped(in); err != nil {
		return "", err
	}
	token, user, err := s.signIn(ctx, door, in)
	if refused, ok := errors.AsType[*vpn.Error](err); ok {
		s.noteRefusal(ctx, refusedSignIn{door: door, typed: in.Username, user: user, by: in.By, refusal: refused, momentary: errors.Is(err, errBusy) || errors.Is(err, errChanged)})
		return "", refused.ToldToClient(door.Code)
	}
	return token, err
}

func checkTyped(in SignInRequest) error {
	var c vpn.Check
	if strings.TrimSpace(in.Username) == "" {
		c.Bad("username", "Enter your user name.")
	}
	if in.Password == "" {
		c.Bad("password", "Enter your password.")
	}
	return c.Err()
}

// purposeOf is what the session of a proved user is for.
func purposeOf(p vpn.Proof) vpn.PortalPurpose {
	switch {
	case p.Enrols:
		return vpn.ForFirstFactor
	case p.Code.Recovery != "":
		return vpn.ForAnotherFactor
	default:
		return vpn.ForPortal
	}
}

// useCode uses a code up, or the recovery code that stands for it. ErrMFACodeUsed where it was used meanwhile.
func useCode(ctx context.Context, tx *store.Tx, code vpn.MFACode, now time.Time) error {
	use := func() (bool, error) { return tx.UseMFACode(ctx, code) }
	if code.Recovery != "" {
		use = func() (bool, error) { return tx.UseRecoveryCode(ctx, code.Device, code.Recovery, now) }
	}
	unused, err := use()
	if err == nil && !unused {
		err = vpn.ErrMFACodeUsed
	}
	return err
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
	proof, err := s.Prover.Prove(asking, identity.ProofRequest{Directory: door.asks, Username: in.Username, Password: password, From: in.By.Addr, Portal: true})
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return "", user, errSlow.Because(err)
		}
		return "", proof.User, err
	}
	user = proof.User
	if s.signIns.Take(rateKey(door.Provider, user.Key), signInsOfUser) > 0 {
		return "", user, errMany
	}
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if d, err := tx.Directory(ctx, door.asks); err != nil || !proof.Holds(d) {
			return cmp.Or(err, error(errChanged))
		}
		session, cookie, err := s.startSession(ctx, tx, door, proof.User, purposeOf(proof), time.Time{}, in.By)
		if err != nil {
			return err
		}
		token = cookie
		if err := tx.EndPortalSession(ctx, vpn.TokenDigest(in.Former), s.core.Now(), "The browser signed in again."); err != nil {
			return err
		}
		if session.ForMFA() {
			err = s.beginAtSignIn(ctx, tx, session, proof, in.By)
		} else {
			err = useCode(ctx, tx, proof.Code, s.core.Now())
		}
		if err != nil {
			return err
		}
		return tx.NoteSignIn(ctx, proof.Note, s.core.Now())
	})
	return token, user, err
}
