package vpn

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Role is what an administrator may do in the console.
type Role string

// The roles. A read-only account sees everything except private keys and changes nothing.
const (
	RoleAdministrator Role = "administrator"
	RoleReadOnly      Role = "read-only"
)

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r == RoleAdministrator || r == RoleReadOnly }

// MayChange reports whether the role may change anything.
func (r Role) MayChange() bool { return r == RoleAdministrator }

// Administrator is a person (or a script's owner) who signs in to the console.
type Administrator struct {
	ID           AdministratorID
	Username     string // lower case, unique
	Role         Role
	Disabled     bool
	PasswordHash Secret
	CreatedAt    time.Time
	LastSignIn   time.Time // zero: never
	Version      int
}

// CheckDisable says why an account cannot be disabled, or let in again where disabled is false; nil where it can.
func (a Administrator) CheckDisable(disabled bool) error {
	switch {
	case a.Disabled && disabled:
		return Refuse(Conflict, CodeIncorrectState, "Account "+a.Username+" is disabled already.")
	case !a.Disabled && !disabled:
		return Refuse(Conflict, CodeIncorrectState, "Account "+a.Username+" is not disabled.")
	}
	return nil
}

// Password limits. There is no composition rule on purpose: length is what helps (NIST SP
// 800-63B section 5.1.1). The upper limit bounds the cost of hashing.
const (
	MinPassword = 12
	MaxPassword = 256
)

// CheckUsername normalizes a user name and records what is wrong with it, for field "username".
func CheckUsername(c *Check, name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	switch {
	case name == "":
		c.Bad("username", "Enter a user name.")
	case len(name) > 64:
		c.Bad("username", "A user name has at most 64 characters.")
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._@-") != "":
		c.Bad("username", "A user name has letters a to z, digits and . _ @ -")
	}
	return name
}

// CheckPassword records what is wrong with a new password, for field "password", and with its
// repetition, for field "password_again".
func CheckPassword(c *Check, username, password, again string) {
	n := utf8.RuneCountInString(password)
	switch {
	case password == "":
		c.Bad("password", "Enter a password.")
	case n < MinPassword:
		c.Bad("password", fmt.Sprintf("The password has %d characters; at least %d are needed.", n, MinPassword))
	case len(password) > MaxPassword:
		c.Bad("password", fmt.Sprintf("The password is too long; at most %d bytes are possible.", MaxPassword))
	case strings.EqualFold(password, username):
		c.Bad("password", "The password must not be the user name.")
	case isRepeated(password):
		c.Bad("password", "The password must not be one character repeated.")
	}
	if password != "" && password != again {
		c.Bad("password_again", "The two passwords differ.")
	}
}

// isRepeated reports whether a text consists of one character.
func isRepeated(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	for _, r := range s {
		if r != first {
			return false
		}
	}
	return true
}

// NewPassword creates a password for an administrator who is locked out: 26 characters, 130 random bits.
func NewPassword() string { return rand.Text() }
