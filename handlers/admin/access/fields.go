package access

import (
	"fmt"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// passwordFields ask for a new password twice. The typed password is never sent back.
func passwordFields(label string) []parts.Field {
	return []parts.Field{
		{
			Name: "password", Label: label, Type: "password", Autocomplete: "new-password", Required: true,
			Help: fmt.Sprintf("At least %d characters. There is no other rule; a few random words are a good choice.", vpn.MinPassword),
		},
		{Name: "password_again", Label: label + " again", Type: "password", Autocomplete: "new-password", Required: true},
	}
}

// usernameHelp says what a user name may have before one is typed (vpn.CheckUsername).
const usernameHelp = "Lower-case letters, digits and . _ @ -"

// roleField chooses the role of an account.
func roleField(value string) parts.Field {
	return parts.Field{
		Name: "role", Label: "Role", Type: "radio", Value: value, Required: true,
		Options: []parts.Option{
			{Value: string(vpn.RoleAdministrator), Label: "Administrator", Help: "Can see and change everything."},
			{Value: string(vpn.RoleReadOnly), Label: "Read-only", Help: "Can see everything except private keys; cannot change anything."},
		},
	}
}
