package ldap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

// SignIn proves a password and tells who the user is. Errors: Denied with the code of the reason; Unavailable where the
// directory cannot say, now or as it is configured; those of the attempt's own questions.
//
// An unknown user costs the directory as much as a known one: a random password is tried for a random name.
func (d *Directory) SignIn(ctx context.Context, a vpn.SignInAttempt) (user vpn.ProviderUser, err error) {
	if fault := vpn.UserNameFault(a.Name); fault != "" {
		return user, errUnknownUser
	}
	if n := len(a.Password.Reveal()); n == 0 || n > vpn.MaxUserPassword { // an empty one would be an anonymous sign-in, which succeeds
		return user, errCredentials
	}
	trace := a.Trace
	var entry *goldap.Entry
	err = d.searching(ctx, trace, func(c *conn) error {
		done := trace.Step("Find the user")
		entry, err = d.findUser(ctx, c, a.Name)
		if err == nil {
			user, err = d.userOf(entry)
		}
		done(err, describeUser(user)...)
		return err
	})
	if err != nil {
		if vpn.KindOf(err) == vpn.Denied {
			if throttled := a.MayTry(ctx, ""); throttled != nil {
				return vpn.ProviderUser{}, throttled
			}
			d.proveUnknown(ctx)
		}
		return vpn.ProviderUser{}, err
	}
	if err := a.MayTry(ctx, user.Key); err != nil {
		return vpn.ProviderUser{}, err
	}
	if err := d.prove(ctx, entry.DN, a.Password, trace); err != nil {
		return vpn.ProviderUser{}, err
	}
	if err := a.MayPass(ctx, user.Key); err != nil {
		return vpn.ProviderUser{}, err
	}
	if user.Disabled { // where the directory lets such a user sign in nevertheless
		return vpn.ProviderUser{}, errDisabled
	}
	err = d.searching(ctx, nil, func(c *conn) error {
		done := trace.Step("Read the groups")
		user.Groups, user.More, err = d.groupsOf(ctx, c, entry)
		var in map[string][]string
		if trace != nil && err == nil {
			in = d.nestingOf(ctx, c, user.Groups)
		}
		done(err, describeGroups(user, in, fmt.Sprintf("%d groups", len(user.Groups)))...)
		return err
	})
	return user, err
}

// prove has the directory judge a password, on a connection of its own.
func (d *Directory) prove(ctx context.Context, dn string, password vpn.Secret, trace *vpn.SignInTrace) error {
	select {
	case d.proving <- struct{}{}:
		defer func() { <-d.proving }()
	case <-ctx.Done():
		return unavailable("The directory is slow: too many sign-ins wait for it.", ctx.Err())
	}
	c, err := d.dial(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	done := trace.Step("Check the password")
	request := goldap.NewSimpleBindRequest(dn, password.Reveal(), nil)
	if d.options.Type != vpn.ActiveDirectory { // which says all in the text of its answer
		request.Controls = []goldap.Control{goldap.NewControlBeheraPasswordPolicy()}
	}
	var answer *goldap.SimpleBindResult
	err = c.do(ctx, func() (err error) { answer, err = c.SimpleBind(request); return err })
	var policy goldap.Control
	if answer != nil {
		policy = goldap.FindControl(answer.Controls, goldap.ControlTypeBeheraPasswordPolicy)
	}
	if refusal := bindRefusal(err, policy); refusal != nil {
		done(refusal)
		return refusal
	}
	if err != nil {
		err = unavailable(fmt.Sprintf("The directory did not answer the user's sign-in: %v.", err), err)
	}
	done(err)
	return err
}

// proveUnknown takes as long as a wrong password.
func (d *Directory) proveUnknown(ctx context.Context) {
	_ = d.prove(ctx, "CN="+rand.Text()+","+d.options.BaseDN, vpn.Secret(rand.Text()), nil)
}

// LookUp reads a user again, by the key that SignIn told, for a session that runs. A user that the directory no longer
// has, or that the user filter leaves out, is Denied with CodeUserUnknown. A user without a name that can be shown any
// more has none.
func (d *Directory) LookUp(ctx context.Context, key string) (user vpn.ProviderUser, err error) {
	base, scope, filter, err := d.keySearch(key)
	if err != nil {
		return user, err
	}
	err = d.searching(ctx, nil, func(c *conn) error {
		entry, err := d.oneUser(ctx, c, base, scope, filter)
		if goldap.IsErrorWithCode(errors.Unwrap(err), goldap.LDAPResultNoSuchObject) && scope == goldap.ScopeBaseObject {
			return errUnknownUser // its DN is the key, and nothing is there any more
		}
		if err != nil {
			return err
		}
		if user, err = d.userOf(entry); err != nil && vpn.CodeOf(err) != vpn.CodeUserUnnamed {
			return err
		}
		user.Groups, user.More, err = d.groupsOf(ctx, c, entry)
		return err
	})
	return user, err
}

// Find finds the user that a typed name is about, without the groups, by the rules of SignIn.
func (d *Directory) Find(ctx context.Context, typed string) (user vpn.ProviderUser, err error) {
	if fault := vpn.UserNameFault(typed); fault != "" {
		return user, errUnknownUser
	}
	err = d.searching(ctx, nil, func(c *conn) error {
		entry, err := d.findUser(ctx, c, typed)
		if err != nil {
			return err
		}
		user, err = d.userOf(entry)
		return err
	})
	return user, err
}

func describeUser(u vpn.ProviderUser) []string {
	if u.DN == "" {
		return nil
	}
	out := []string{"DN " + vpn.PrintableText(u.DN), "name " + vpn.PrintableText(u.Name)}
	if u.Mail != "" {
		out = append(out, "e-mail "+vpn.PrintableText(u.Mail))
	}
	if u.Disabled {
		out = append(out, "disabled, or expired")
	}
	return out
}
