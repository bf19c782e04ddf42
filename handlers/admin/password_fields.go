package admin

import (
	"fmt"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// passwordFields ask for a new password twice. What was typed is never sent back.
func passwordFields(label string) []parts.Field {
	return []parts.Field{
		{
			Name: "password", Label: label, Type: "password", Autocomplete: "new-password", Required: true,
			Help: fmt.Sprintf("At least %d characters. A few random words are fine; no other rule applies.", vpn.MinPassword),
		},
		{Name: "password_again", Label: label + " again", Type: "password", Autocomplete: "new-password", Required: true},
	}
}

// roleField chooses what an account may do.
func roleField(value string) parts.Field {
	return parts.Field{
		Name: "role", Label: "Role", Type: "radio", Value: value, Required: true,
		Options: []parts.Option{
			{Value: string(vpn.RoleAdministrator), Label: "Administrator", Help: "Sees and changes everything."},
			{Value: string(vpn.RoleReadOnly), Label: "Read-only", Help: "Sees everything except private keys and changes nothing."},
		},
	}
}
