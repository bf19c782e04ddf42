package controltest

import (
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/store"
	"sallyport/vpn"
)

// Account adds an account whose password is cheap to check.
func (k *Kit) Account(name string, role vpn.Role) control.Principal {
	k.T.Helper()
	a := vpn.Administrator{ID: vpn.NewAdministratorID(), Username: name, Role: role, PasswordHash: CheapHash(Password), CreatedAt: k.Clock.Now(), Version: 1}
	k.Must(k.Store.Update(k.T.Context(), func(tx *store.Tx) error { return tx.CreateAdministrator(k.T.Context(), a) }))
	return control.Principal{Kind: control.Administrator, ID: string(a.ID), Name: name, Role: role, Source: "192.0.2.1", Request: "req-" + name}
}

// SignedIn signs an account in and gives the value of its cookie.
func (k *Kit) SignedIn(name string) string {
	k.T.Helper()
	in, err := k.Access.SignIn(k.T.Context(), access.SignInRequest{Username: name, Password: Password, Source: "192.0.2.1"})
	k.Must(err)
	return in.Token
}

// WantSession checks whether the session of a cookie lives.
func (k *Kit) WantSession(what, token string, want bool) {
	k.T.Helper()
	_, _, err := k.Access.Authenticate(k.T.Context(), token, true)
	switch {
	case want && err != nil:
		k.T.Errorf("%s: the session is over: %v", what, err)
	case !want:
		k.WantKind(what, err, vpn.Denied, "Sign in first")
	}
}

// CheapHash is a password hash that is quick to check: its cost is part of the text.
func CheapHash(password string) vpn.Secret {
	salt, b := make([]byte, 16), base64.RawStdEncoding
	return vpn.Secret(fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, b.EncodeToString(salt),
		b.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32))))
}
