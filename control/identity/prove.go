package identity

import (
	"context"
	"errors"
	"net/netip"

	"sallyport/vpn"
)

// ProofRequest asks a directory about the user name and the password of a login.
type ProofRequest struct {
	Directory vpn.DirectoryID
	Username  string     // as typed
	Password  vpn.Secret // as the client sent it: with the MFA code, where the directory demands one
	From      netip.Addr // the client's
	Device    string     // the fingerprint of the certificate that the client has proved; empty: none
	Portal    bool       // the sign-in is to the self-service portal: see vpn.Proof.Enrols, and a recovery code may stand for the code
	Trial     bool       // an administrator tries the sign-in: its source is not the user's
	Trace     *vpn.SignInTrace
}

var errSlowSignIns = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory is slow: other sign-ins of this user wait for it.")

// Prove has a directory prove a user, in this order: failed sign-ins are within their limits, the password has the form that
// the directory demands, the directory has the user and accepts the password, the MFA code is right. The transaction that lets
// the user in uses the code up and stores the note (store.NoteSignIn). The Proof has the settings that it was asked by also where the user is refused. Errors: Denied and Throttled with the code of the reason;
// Unavailable where the directory cannot say.
func (s *Service) Prove(ctx context.Context, r ProofRequest) (vpn.Proof, error) {
	d, source, err := s.Source(ctx, r.Directory)
	if err != nil {
		return vpn.Proof{}, err
	}
	proof := vpn.Proof{Provider: d.ID.Provider(), Version: d.Version, MFA: d.MFA}
	limits := &throttle{service: s, request: r}
	done := r.Trace.Step("Compare failed sign-ins with their limits")
	err = limits.begin(ctx)
	done(err)
	if err != nil {
		return proof, err
	}
	password, code, refused := d.CheckPassword(r.Password)
	if r.Portal && d.MFA { // no code is as a wrong one: who has no authenticator has none, and is not told before the password is right
		password, code, _ = vpn.SplitPassword(r.Password)
		refused = nil
	}
	if refused != nil {
		r.Trace.Step("Read the password and the MFA code")(refused)
		return proof, refused
	}
	attempt := vpn.SignInAttempt{Name: r.Username, Password: password, Trace: r.Trace, Found: limits.mayTry}
	if d.MFA {
		attempt.Proved = func(ctx context.Context, key string) error {
			done := r.Trace.Step("Check the MFA code")
			var err error
			proof.Code, err = limits.judgeCode(ctx, key, code)
			if r.Portal && vpn.CodeOf(err) == vpn.CodeMFADeviceMissing {
				proof.Enrols, err = true, nil
			}
			done(err)
			return err
		}
	}
	proof.User, err = source.SignIn(ctx, attempt)
	if proof.Note = limits.note; proof.Enrols { // a password alone makes no place known
		proof.Note.Places = nil
	}
	return proof, limits.end(ctx, err)
}

// refusalOf is the refusal that an error is; nil: it is none.
func refusalOf(err error) *vpn.Error {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e
	}
	return nil
}
