package controltest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"sallyport/control/identity"
	"sallyport/vpn"
)

// Directory is a directory whose users a test sets. It answers at once, or as a test says.
type Directory struct {
	mu      sync.Mutex // guards all below
	people  map[string]person
	failure error  // of every call; nil: none
	judging func() // nil: none
	before  func(ctx context.Context, name string)
}

type person struct {
	password vpn.Secret
	user     vpn.ProviderUser
}

// Put adds a user, or replaces the one with the same name.
func (d *Directory) Put(password vpn.Secret, u vpn.ProviderUser) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.people == nil {
		d.people = map[string]person{}
	}
	d.people[strings.ToLower(u.Name)] = person{password, u}
}

// Remove deletes a user.
func (d *Directory) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.people, strings.ToLower(name))
}

// Fail has every call fail; nil ends it.
func (d *Directory) Fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failure = err
}

// Judging has f called while a password is judged, after the attempt was allowed.
func (d *Directory) Judging(f func()) { d.mu.Lock(); defer d.mu.Unlock(); d.judging = f }

// Before has f called at the beginning of every sign-in, which waits for it.
func (d *Directory) Before(f func(ctx context.Context, name string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = f
}

// Open is an identity.Opener.
func (d *Directory) Open(vpn.DirectoryOptions, vpn.Secret) (identity.Source, error) { return d, nil }

// SignIn implements identity.Source.
func (d *Directory) SignIn(ctx context.Context, a vpn.SignInAttempt) (vpn.ProviderUser, error) {
	d.mu.Lock()
	before := d.before
	d.mu.Unlock()
	if before != nil {
		before(ctx, a.Name)
	}
	p, err := d.find(a.Name)
	if err != nil && vpn.KindOf(err) != vpn.Denied {
		return vpn.ProviderUser{}, err
	}
	if throttled := a.MayTry(ctx, p.user.Key); throttled != nil {
		return vpn.ProviderUser{}, throttled
	}
	done := a.Trace.Step("Check the password")
	d.mu.Lock()
	judging := d.judging
	d.mu.Unlock()
	if judging != nil {
		judging()
	}
	if err == nil && p.password != a.Password {
		err = vpn.Refuse(vpn.Denied, vpn.CodeUserCredentials, "The user name or the password is wrong.")
	}
	done(err)
	if err == nil {
		err = a.MayPass(ctx, p.user.Key)
	}
	if err != nil {
		return vpn.ProviderUser{}, err
	}
	return p.user, nil
}

// Find implements identity.Source.
func (d *Directory) Find(_ context.Context, name string) (vpn.ProviderUser, error) {
	p, err := d.find(name)
	return p.user, err
}

func (d *Directory) find(name string) (person, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return person{}, d.failure
	}
	p, known := d.people[strings.ToLower(name)]
	if !known {
		return person{}, vpn.Refuse(vpn.Denied, vpn.CodeUserUnknown, "The directory has no such user.")
	}
	return p, nil
}

// LookUp implements identity.Source.
func (d *Directory) LookUp(_ context.Context, key string) (vpn.ProviderUser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return vpn.ProviderUser{}, d.failure
	}
	for _, p := range d.people {
		if p.user.Key == key {
			return p.user, nil
		}
	}
	return vpn.ProviderUser{}, vpn.Refuse(vpn.Denied, vpn.CodeUserUnknown, "The directory has no such user.")
}

// FindGroups implements identity.Source.
func (d *Directory) FindGroups(_ context.Context, part string, limit int) (out []vpn.Group, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.people {
		for _, g := range p.user.Groups {
			if strings.Contains(strings.ToLower(g.Name), strings.ToLower(part)) && !slices.Contains(out, g) && len(out) < limit {
				out = append(out, g)
			}
		}
	}
	return out, d.failure
}

// Close implements identity.Source.
func (d *Directory) Close() {}
