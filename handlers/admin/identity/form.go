package identity

import (
	"strconv"
	"strings"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type directoryInput struct {
	Version    string   `form:"version"`
	Name       string   `form:"name"`
	Type       string   `form:"type"`
	URLs       string   `form:"urls"`
	WithoutTLS string   `form:"without_tls"`
	CA         string   `form:"ca"`
	BaseDN     string   `form:"base_dn"`
	BindDN     string   `form:"bind_dn"`
	Password   string   `form:"bind_password"`
	UserFilter string   `form:"user_filter"`
	SignIn     []string `form:"sign_in"`
	MFA        string   `form:"mfa"`
	Enrolment  string   `form:"enrolment_code"`
}

func inputOf(d vpn.Directory) directoryInput {
	in := directoryInput{
		Version: strconv.Itoa(d.Version), Name: d.Name, Type: string(d.Type), URLs: strings.Join(d.URLs, "\n"), CA: d.CA,
		BaseDN: d.BaseDN, BindDN: d.BindDN, UserFilter: d.UserFilter,
	}
	if d.WithoutTLS {
		in.WithoutTLS = "on"
	}
	if d.MFA {
		in.MFA = "on"
	}
	if d.EnrolmentCode {
		in.Enrolment = "on"
	}
	for _, name := range d.SignIn {
		in.SignIn = append(in.SignIn, string(name))
	}
	return in
}

func (in directoryInput) spec() vpn.DirectorySpec {
	version, _ := strconv.Atoi(in.Version)
	spec := vpn.DirectorySpec{Version: version, Name: in.Name, Password: vpn.Secret(in.Password), DirectoryOptions: vpn.DirectoryOptions{
		Type: vpn.DirectoryType(in.Type), URLs: strings.Fields(in.URLs), WithoutTLS: in.WithoutTLS != "", CA: strings.TrimSpace(in.CA),
		BaseDN: in.BaseDN, BindDN: in.BindDN, UserFilter: in.UserFilter, MFA: in.MFA != "", EnrolmentCode: in.Enrolment != "",
	}}
	for _, name := range in.SignIn {
		if name != "" {
			spec.SignIn = append(spec.SignIn, vpn.SignInName(name))
		}
	}
	return spec
}

const (
	sectionServer  = "Servers"
	sectionAccount = "Service account"
	sectionUsers   = "Users"
)

var sections = []parts.Section{
	{Title: sectionServer},
	{Title: sectionAccount, Help: "The program searches the directory with this account. It needs to read users and groups, nothing else."},
	{Title: sectionUsers},
}

// signInChoices are the names that the form offers.
var signInChoices = []struct {
	names []vpn.SignInName
	label string
	only  vpn.DirectoryType // empty: all others
}{
	{[]vpn.SignInName{vpn.SignInUPN, vpn.SignInAccount}, "User principal name or account name (userPrincipalName, sAMAccountName, DOMAIN\\name)", vpn.ActiveDirectory},
	{[]vpn.SignInName{vpn.SignInAccount}, "Account name (sAMAccountName, DOMAIN\\name)", vpn.ActiveDirectory},
	{[]vpn.SignInName{vpn.SignInUID}, "uid", ""},
	{[]vpn.SignInName{vpn.SignInUID, vpn.SignInMail}, "uid or e-mail address", ""},
	{[]vpn.SignInName{vpn.SignInMail}, "E-mail address (mail)", ""},
}

func joinNames(names []vpn.SignInName) string {
	var out []string
	for _, n := range names {
		out = append(out, string(n))
	}
	return strings.Join(out, ",")
}

// fields are the fields of the form. stored is the directory that is modified; nil for a new one.
func (in directoryInput) fields(stored *vpn.Directory) []parts.Field {
	types := []parts.Option{{Label: "Choose a type"}}
	for _, t := range []vpn.DirectoryType{vpn.ActiveDirectory, vpn.OpenLDAP, vpn.OtherDirectory} {
		types = append(types, parts.Option{Value: string(t), Label: views.DirectoryType(t)})
	}
	kind := parts.Field{Name: "type", Label: "Type", Type: "select", Value: in.Type, Required: true, Options: types,
		Help: "It decides how groups are named and nested. It cannot be changed later."}
	keptHelp := "It is stored sealed and never shown again."
	if stored != nil {
		kind = parts.Field{Label: "Type", Type: "fact", Value: views.DirectoryType(stored.Type), Help: "The type cannot be changed."}
		keptHelp = "If empty, the stored password is kept. It is needed again where servers, authorities or the account change."
	}
	signIn := parts.Field{Name: "sign_in", Label: "Users sign in with", Type: "select", Value: strings.Join(in.SignIn, ","), Required: stored != nil, Section: sectionUsers,
		Help: "The first name is what lists call a user, as the directory spells it. Usual are userPrincipalName and sAMAccountName in an Active Directory, uid elsewhere."}
	if stored == nil {
		signIn.Options = []parts.Option{{Label: "The usual names of the type"}}
	}
	for _, c := range signInChoices {
		if stored == nil || (c.only == vpn.ActiveDirectory) == (stored.Type == vpn.ActiveDirectory) || joinNames(c.names) == string(vpn.SignInMail) {
			signIn.Options = append(signIn.Options, parts.Option{Value: joinNames(c.names), Label: c.label})
		}
	}
	return []parts.Field{
		{Name: "name", Label: "Name", Value: in.Name, Required: true, Autocomplete: "off", Focus: true},
		kind,
		{Name: "urls", Label: "URLs", Type: "textarea", Rows: 3, Value: in.URLs, Required: true, Mono: true, Section: sectionServer, Placeholder: "ldaps://dc1.corp.example.com",
			Help: "One per line; the first one that answers is used. ldaps:// is TLS from the start, ldap:// continues with StartTLS."},
		{Name: "ca", Label: "Certificate authorities", Type: "textarea", Rows: 5, Value: in.CA, Mono: true, Section: sectionServer, Placeholder: "-----BEGIN CERTIFICATE-----",
			Help: "The authorities of the servers' certificates, in PEM. If empty, those that this host trusts."},
		{Name: "without_tls", Label: "Without TLS", Type: "checkbox", Checked: in.WithoutTLS != "", Value: "on", Section: sectionServer,
			Help: "Only for a directory on this host (ldap://localhost): passwords are readable on the way."},
		{Name: "bind_dn", Label: "Account", Value: in.BindDN, Required: true, Mono: true, Autocomplete: "off", Section: sectionAccount,
			Placeholder: "CN=vpn,OU=Service,DC=corp,DC=example,DC=com", Help: "Its DN, or in an Active Directory its user principal name."},
		{Name: "bind_password", Label: "Password", Type: "password", Required: stored == nil, Autocomplete: "new-password", Section: sectionAccount, Help: keptHelp},
		{Name: "base_dn", Label: "Base DN", Value: in.BaseDN, Required: true, Mono: true, Autocomplete: "off", Section: sectionUsers, Placeholder: "DC=corp,DC=example,DC=com",
			Help: "Users and groups are found below it."},
		signIn,
		{Name: "user_filter", Label: "User filter", Value: in.UserFilter, Mono: true, Autocomplete: "off", Section: sectionUsers, Placeholder: "(memberOf=CN=VPN,OU=Groups,DC=corp,DC=example,DC=com)",
			Help: "Only users that match may sign in, as an LDAP filter. If empty, all users."},
		{Name: "mfa", Label: "Multi-factor authentication", Type: "checkbox", Checked: in.MFA != "", Value: "on", Section: sectionUsers,
			Help: "Users enter the code of an authenticator too. They set it up in the self-service portal, or you register it on the tab MFA devices: users without one are refused by the VPN. Configuration files that were handed out stop working and have to be downloaded again."},
		{Name: "enrolment_code", Label: "Ask for an enrolment code", Type: "checkbox", Checked: in.Enrolment != "", Value: "on", Section: sectionUsers,
			Help: "Where users enter MFA codes: who has no authenticator needs a code that you create on the tab MFA devices, besides the password, before the self-service portal shows the QR code. Without it the first person who has the password sets the authenticator up."},
	}
}

// bound splits what the choice of names posts.
func (in *directoryInput) bound() {
	if len(in.SignIn) == 1 {
		in.SignIn = strings.Split(in.SignIn[0], ",")
	}
}

func (in directoryInput) form(stored *vpn.Directory, refused error) parts.Form {
	f := parts.Form{Fields: in.fields(stored), Sections: sections, Hidden: []parts.Hidden{{Name: "version", Value: in.Version}}}
	page.Fail(&f, refused)
	return f
}
