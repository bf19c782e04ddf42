package ldap

import (
	"fmt"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

// equals is the filter (attribute=value). Every value of a filter passes here or octets: a value never changes what a
// filter means.
func equals[S ~string](attribute S, value string) string {
	return "(" + string(attribute) + "=" + goldap.EscapeFilter(value) + ")"
}

// octets is the filter for a value that is not text.
func octets(attribute string, value []byte) string {
	var b strings.Builder
	for _, c := range value {
		fmt.Fprintf(&b, `\%02x`, c)
	}
	return "(" + attribute + "=" + b.String() + ")"
}

func anyOf(filters []string) string {
	if len(filters) == 1 {
		return filters[0]
	}
	return "(|" + strings.Join(filters, "") + ")"
}

// userFilter finds the users whose name is the one that was typed. account is the part of DOMAIN\account, or "".
func userFilter(o vpn.DirectoryOptions, name, account string) string {
	var names []string
	for _, attribute := range o.SignIn {
		switch {
		case account == "":
			names = append(names, equals(attribute, name))
		case attribute == vpn.SignInAccount:
			names = append(names, equals(attribute, account))
		}
	}
	if len(names) == 0 {
		names = []string{equals("objectClass", "")} // no user
	}
	class := "(objectClass=person)"
	if o.Type == vpn.ActiveDirectory {
		class = "(objectCategory=person)(objectClass=user)"
	}
	return "(&" + class + o.UserFilter + anyOf(names) + ")"
}

// filterFault says in a sentence what is wrong with a user filter, or "". It has to be one filter in parentheses.
func filterFault(filter string) string {
	if filter == "" {
		return ""
	}
	if !strings.HasPrefix(filter, "(") {
		return "A filter begins with a parenthesis, for example (memberOf=CN=VPN,OU=Groups,DC=corp,DC=example,DC=com)."
	}
	if _, err := goldap.CompileFilter(filter); err != nil {
		return fmt.Sprintf("The filter cannot be read: %s.", vpn.PrintableText(unwrapped(err).Error()))
	}
	return ""
}
