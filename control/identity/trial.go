package identity

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// trialTimeout bounds a test sign-in as a whole.
const trialTimeout = 30 * time.Second

// Trial is a sign-in that an administrator tried.
type Trial struct {
	User    vpn.ProviderUser
	Steps   []vpn.SignInStep
	Refused error // why the user would not be let in; nil: the password was right
	Took    time.Duration
	// Access is what the user could reach, through the endpoint that was asked for or each of the directory; nil where the
	// user is refused.
	Access []vpn.EndpointAccess
}

// TrialRequest is a sign-in as an administrator tries it.
type TrialRequest struct {
	Directory vpn.DirectoryID
	Username  string
	Password  vpn.Secret
	Code      string         // the MFA code, where the directory demands one
	Endpoint  vpn.EndpointID // what the user could reach through; empty: each endpoint of the directory
}

// TestSignIn signs a user in at a directory by the code path of a login, without letting anyone in. It counts as a login
// does, and uses up an MFA code. A refusal is in the Trial; the error tells that nothing was tried. The audit trail has the
// user name and the result, never the password. Fields: user, password, endpoint.
func (s *Service) TestSignIn(ctx context.Context, by control.Principal, r TrialRequest) (Trial, error) {
	var t Trial
	if err := s.core.Allow(ctx, by, vpn.TestDirectorySignIn, string(r.Directory)); err != nil {
		return t, err
	}
	var c vpn.Check
	if fault := vpn.UserNameFault(r.Username); fault != "" {
		c.Bad("user", fault)
	}
	if r.Password == "" {
		c.Bad("password", "Enter a password.")
	}
	used, err := s.EndpointsOf(ctx, by, r.Directory)
	if err != nil {
		return t, err
	}
	if r.Endpoint != "" {
		used = slices.DeleteFunc(used, func(e vpn.EndpointRef) bool { return e.ID != r.Endpoint })
		if len(used) == 0 {
			c.Bad("endpoint", "Users of this endpoint do not sign in at this directory.")
		}
	}
	if err := c.Err(); err != nil {
		return t, err
	}
	d, _, err := s.Source(ctx, r.Directory)
	if err != nil {
		return t, err
	}
	password := r.Password
	if d.MFA {
		password = vpn.WithCode(r.Password, r.Code)
	}
	from, _ := netip.ParseAddr(by.Source) // the zero address where there is none
	begun := time.Now()
	limited, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	var trace vpn.SignInTrace
	proof, refused := s.Prove(limited, ProofRequest{Directory: d.ID, Username: r.Username, Password: password, From: from, Trial: true, Trace: &trace})
	t.User, t.Refused = proof.User, refused
	t.Steps, t.Took = trace.Steps, time.Since(begun)
	return t, s.core.Change(context.WithoutCancel(ctx), by, vpn.TestDirectorySignIn, string(d.ID), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		user := proof.User.Identity(d.ID.Provider())
		if t.Refused == nil {
			known, err := tx.VPNUsersOf(ctx, user.Ref())
			if err != nil {
				return err
			}
			if blocked := known[user.Ref()].Refuse(); blocked != nil {
				t.Refused = blocked
			}
		}
		if t.Refused == nil {
			unused, err := tx.UseMFACode(ctx, proof.Code)
			if err != nil {
				return err
			}
			if !unused {
				t.Refused = vpn.ErrMFACodeUsed
			} else if err := tx.NoteSignIn(ctx, proof.Note, s.core.Now()); err != nil {
				return err
			}
		}
		if t.Refused == nil {
			t.Access, err = accessOf(ctx, tx, user, used)
		}
		a.After = control.Describe(struct {
			User   string
			Result string
		}{r.Username, resultOf(t.Refused)})
		return err
	})
}

// accessOf tells what a user can reach through endpoints.
func accessOf(ctx context.Context, tx *store.Tx, user vpn.Identity, through []vpn.EndpointRef) ([]vpn.EndpointAccess, error) {
	access := make([]vpn.EndpointAccess, len(through))
	for i, e := range through {
		rules, err := tx.RulesOf(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		routes, err := tx.RoutesOf(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		access[i] = vpn.EndpointAccess{Endpoint: e, Lines: vpn.UserAccessOf(rules, routes, user.Groups)}
	}
	return access, nil
}

func resultOf(refused error) string {
	if refused == nil {
		return "signed in"
	}
	return refused.Error()
}
