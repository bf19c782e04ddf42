package identity

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// trialTimeout bounds a test sign-in as a whole.
const trialTimeout = 30 * time.Second

// Trial is a sign-in that an administrator tried.
type Trial struct {
	User    vpn.DirectoryUser
	Steps   []vpn.SignInStep
	Refused error // why the user would not be let in; nil: the password was right
	Took    time.Duration
}

// TestSignIn signs a user in at a directory by the code path of a login, without letting anyone in. A refusal is in the
// Trial; the error tells that nothing was tried. The audit trail has the user name and the result, never the password.
func (s *Service) TestSignIn(ctx context.Context, by control.Principal, id vpn.DirectoryID, name string, password vpn.Secret) (Trial, error) {
	var t Trial
	if err := s.core.Allow(ctx, by, vpn.TestDirectorySignIn, string(id)); err != nil {
		return t, err
	}
	var c vpn.Check
	if fault := vpn.UserNameFault(name); fault != "" {
		c.Bad("user", fault)
	}
	if password == "" {
		c.Bad("password", "Enter a password.")
	}
	if err := c.Err(); err != nil {
		return t, err
	}
	_, source, err := s.Source(ctx, id)
	if err != nil {
		return t, err
	}
	begun := time.Now()
	limited, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	var trace vpn.SignInTrace
	t.User, t.Refused = source.SignIn(limited, vpn.SignInAttempt{Name: name, Password: password, Trace: &trace})
	t.Steps, t.Took = trace.Steps, time.Since(begun)
	return t, s.core.Change(context.WithoutCancel(ctx), by, vpn.TestDirectorySignIn, string(id), func(_ *store.Tx, a *vpn.AuditRecord) error {
		a.After = control.Describe(struct {
			User   string
			Result string
		}{name, resultOf(t.Refused)})
		return nil
	})
}

func resultOf(refused error) string {
	if refused == nil {
		return "signed in"
	}
	return refused.Error()
}
