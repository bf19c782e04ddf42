package vpn

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// DirectoryID is "d-" and 10 hex digits (guide, "Active Directory authentication": Directory ID).
type DirectoryID string

const (
	prefixDirectory  = "d-"
	directoryIDBytes = 5
)

// NewDirectoryID is random.
func NewDirectoryID() DirectoryID {
	var b [directoryIDBytes]byte
	_, _ = rand.Read(b[:])
	return DirectoryID(prefixDirectory + hex.EncodeToString(b[:]))
}

// DirectoryType says how a directory names users and nests groups.
type DirectoryType string

// The types.
const (
	ActiveDirectory DirectoryType = "active-directory" // groups by SID, nested by the directory itself
	OpenLDAP        DirectoryType = "openldap"         // groups by name, nested by walking them
	OtherDirectory  DirectoryType = "other"            // as OpenLDAP, and memberOf counts too
)

// SignInName is an attribute that a user may sign in with.
type SignInName string

// The attributes. With SignInAccount a user may also type DOMAIN\name.
const (
	SignInUPN     SignInName = "userPrincipalName"
	SignInAccount SignInName = "sAMAccountName"
	SignInUID     SignInName = "uid"
	SignInMail    SignInName = "mail"
)

// SignInNames lists the attributes that a directory of the type can have, the usual ones first.
func (t DirectoryType) SignInNames() []SignInName {
	if t == ActiveDirectory {
		return []SignInName{SignInUPN, SignInAccount, SignInMail}
	}
	return []SignInName{SignInUID, SignInMail}
}

// usualNames are those of a directory for which none was chosen.
func (t DirectoryType) usualNames() []SignInName {
	if t == ActiveDirectory {
		return []SignInName{SignInUPN, SignInAccount}
	}
	return []SignInName{SignInUID}
}

// Directory is a source of users with names and passwords, and of their groups.
type Directory struct {
	ID        DirectoryID
	Name      string
	Version   int
	CreatedAt time.Time
	DirectoryOptions
}

// DirectoryOptions is what an administrator sets. The password of the service account is kept apart, sealed.
type DirectoryOptions struct {
	Type DirectoryType `json:"type"`
	// URLs are tried in this order: ldaps://host[:port], or ldap://host[:port], which continues with StartTLS.
	URLs []string `json:"urls"`
	// WithoutTLS leaves StartTLS out, for a directory on this host.
	WithoutTLS bool   `json:"without_tls,omitempty"`
	CA         string `json:"ca,omitempty"` // PEM of the authorities of its certificates; empty: those of this host
	BaseDN     string `json:"base_dn"`
	BindDN     string `json:"bind_dn"` // of the service account: a DN, or a user principal name
	// UserFilter is a further condition for users, as an LDAP filter (RFC 4515); empty: none.
	UserFilter string `json:"user_filter,omitempty"`
	// SignIn lists what a user may sign in with. The first one is what lists call the user.
	SignIn []SignInName `json:"sign_in"`
	MFA    bool         `json:"mfa,omitempty"` // users also enter a code of an authenticator
	// EnrolmentCode has a user without an authenticator enter an EnrolmentCode before one is set up.
	EnrolmentCode bool `json:"enrolment_code,omitempty"`
}

// DirectorySpec is a directory as typed. An empty password of an edit keeps the one that is stored.
type DirectorySpec struct {
	Version  int // an edit's: the one that the form was filled from
	Name     string
	Password Secret // of the service account
	DirectoryOptions
}

// NewDirectory checks a new directory. Fields: name, and those of DirectoryOptions.CheckOptions.
func NewDirectory(in DirectorySpec, now time.Time) (Directory, error) {
	var c Check
	d := Directory{ID: NewDirectoryID(), Version: 1, CreatedAt: now, DirectoryOptions: in.DirectoryOptions}
	d.Name = checkName(&c, "name", in.Name, true)
	d.CheckOptions(&c, in.Password, false)
	return d, c.Err()
}

// Edit applies a change. The type stays: users and groups are named by it. Who changes to which server the password
// of the service account goes has to know it.
func (d *Directory) Edit(in DirectorySpec) error {
	var c Check
	next := *d
	next.DirectoryOptions = in.DirectoryOptions
	next.Type = d.Type
	next.Name = checkName(&c, "name", in.Name, true)
	next.CheckOptions(&c, in.Password, true)
	sameServer := slices.Equal(next.URLs, d.URLs) && next.WithoutTLS == d.WithoutTLS && next.CA == d.CA && next.BindDN == d.BindDN
	if in.Password == "" && !sameServer {
		c.Bad("bind_password", "Enter the password of the service account again: the servers, their authorities or the account have changed.")
	}
	if in.Version != d.Version {
		return ErrStale("directory").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	next.Version++
	*d = next
	return nil
}

// InUse refuses to delete a directory that endpoints use; nil where none does.
func (d Directory) InUse(by []EndpointRef) error {
	if len(by) == 0 {
		return nil
	}
	return Refuse(Conflict, CodeResourceInUse, "Users of "+namedEndpoints(by)+" sign in at directory "+d.Label()+". An endpoint keeps its directory: delete the directory after them.")
}

// namedEndpoints names endpoints in a sentence.
func namedEndpoints(by []EndpointRef) string {
	names := make([]string, 0, maxNamed)
	for _, e := range by[:min(len(by), maxNamed)] {
		names = append(names, e.Label())
	}
	which := "endpoint "
	if len(by) > 1 {
		which = "endpoints "
	}
	which += strings.Join(names, ", ")
	if more := len(by) - len(names); more > 0 {
		which += fmt.Sprintf(" and %d more", more)
	}
	return which
}

// maxNamed bounds the endpoints that a sentence names.
const maxNamed = 5

// Label is what lists and messages call the directory.
func (d Directory) Label() string { return labelOf(d.Name, string(d.ID)) }

// Limits of directories (guide, "Client VPN quotas": "Users and groups").
const (
	MaxGroupID       = 255 // characters
	MaxDirectoryURLs = 5
	maxDN            = 1000
	maxUserFilter    = 1000
	maxDirectoryPEM  = 128 << 10
)

// Group is a group of a directory, or of another identity source.
type Group struct {
	ID   string `json:"id"`   // what authorization rules name: the SID in an Active Directory, otherwise the DN
	Name string `json:"name"` // what lists show
}

// CheckOptions checks what was typed, after trimming it. passwordKept tells that a password is stored already.
// Fields: type, urls, without_tls, ca, base_dn, bind_dn, bind_password, user_filter, sign_in.
func (o *DirectoryOptions) CheckOptions(c *Check, password Secret, passwordKept bool) {
	o.BaseDN, o.BindDN, o.UserFilter = strings.TrimSpace(o.BaseDN), strings.TrimSpace(o.BindDN), strings.TrimSpace(o.UserFilter)
	if !slices.Contains([]DirectoryType{ActiveDirectory, OpenLDAP, OtherDirectory}, o.Type) {
		c.Bad("type", "Choose the type of the directory.")
	}
	o.checkURLs(c)
	if len(o.CA) > maxDirectoryPEM {
		c.Bad("ca", "The certificates are longer than 128 KB; paste only the authorities of the directory's certificates.")
	}
	checkDirectoryText(c, "base_dn", "base DN", o.BaseDN, maxDN)
	checkDirectoryText(c, "bind_dn", "service account", o.BindDN, maxDN)
	if o.BaseDN == "" {
		c.Bad("base_dn", "Enter the DN below which users and groups are found, for example DC=corp,DC=example,DC=com.")
	}
	if o.BindDN == "" {
		c.Bad("bind_dn", "Enter the service account, as a DN or a user principal name.")
	}
	if password == "" && !passwordKept {
		c.Bad("bind_password", "Enter the password of the service account.")
	}
	if n := utf8.RuneCountInString(o.UserFilter); n > maxUserFilter {
		c.Bad("user_filter", fmt.Sprintf("The filter has %d characters; at most %d are possible.", n, maxUserFilter))
	}
	if len(o.SignIn) == 0 {
		o.SignIn = o.Type.usualNames()
	}
	for _, name := range o.SignIn {
		if o.Type != "" && !slices.Contains(o.Type.SignInNames(), name) {
			c.Bad("sign_in", fmt.Sprintf("Users of this type of directory have no %s.", PrintableText(string(name))))
		}
	}
}

func (o *DirectoryOptions) checkURLs(c *Check) {
	switch n := len(o.URLs); {
	case n == 0:
		c.Bad("urls", "Enter the URL of the directory, for example ldaps://dc1.corp.example.com.")
		return
	case n > MaxDirectoryURLs:
		c.Bad("urls", fmt.Sprintf("There are %d URLs; at most %d are possible.", n, MaxDirectoryURLs))
		return
	}
	for i, raw := range o.URLs {
		u, sentence := parseDirectoryURL(raw)
		if sentence != "" {
			c.Also("urls", sentence)
			continue
		}
		o.URLs[i] = u.String()
		if o.WithoutTLS && !isLoopback(u.Hostname()) {
			c.Also("without_tls", fmt.Sprintf("%s is not on this host: passwords would cross the network readably. TLS can be left out only for localhost.", u.Hostname()))
		}
	}
}

// parseDirectoryURL reads ldap(s)://host[:port]. The sentence says what is wrong.
func parseDirectoryURL(raw string) (u *url.URL, sentence string) {
	shown := PrintableText(raw)
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "ldaps" && u.Scheme != "ldap") {
		return nil, fmt.Sprintf("%s is not a URL of a directory; write ldaps://host, or ldap://host for StartTLS.", shown)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Sprintf("Write %s://%s alone: the base DN and the service account have fields of their own.", u.Scheme, u.Host)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && !isHostName(u.Hostname()) {
		return nil, fmt.Sprintf("%s is not the name of a host.", PrintableText(u.Hostname()))
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, fmt.Sprintf("%s is not a port.", p)
		}
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, ""
}

// isHostName tells whether text has the form of a host's name (RFC 1123); underscores, which many inner
// zones have, are taken too.
func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return false
			}
		}
	}
	return true
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func checkDirectoryText(c *Check, field, what, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		c.Bad(field, fmt.Sprintf("The %s has %d characters; at most %d are possible.", what, n, most))
	}
	for _, r := range text {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			c.Bad(field, fmt.Sprintf("The %s is one line of printable text; %s is not allowed.", what, describeRune(r)))
			return
		}
	}
}

// MaxUserName and MaxUserPassword bound what a VPN user may sign in with, in bytes: all that a client
// sends at a login has to fit into 2,048 bytes (OpenVPN, TLS_CHANNEL_BUF_SIZE).
const (
	MaxUserName     = 255
	MaxUserPassword = 1900
)

// UserNameFault says in a sentence why a typed user name cannot be one, or "".
func UserNameFault(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "Enter a user name."
	case len(name) > MaxUserName:
		return fmt.Sprintf("The user name is longer than %d bytes.", MaxUserName)
	}
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return "The user name has characters that are not allowed."
		}
	}
	return ""
}
