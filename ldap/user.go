package ldap

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

// Attributes of a user.
const (
	attrGUID       = "objectGUID"
	attrUUID       = "entryUUID"
	attrMail       = "mail"
	attrControl    = "userAccountControl"
	attrExpires    = "accountExpires"
	attrLockedTime = "pwdAccountLockedTime"
)

// findUser finds the one user that a typed name is about.
func (d *Directory) findUser(ctx context.Context, c *conn, typed string) (*goldap.Entry, error) {
	account := ""
	if domain, name, ok := strings.Cut(typed, `\`); ok && d.options.Type == vpn.ActiveDirectory {
		own, err := d.domain.read(ctx, c)
		if err != nil {
			return nil, err
		}
		if !strings.EqualFold(domain, own) {
			return nil, errUnknownUser
		}
		account = name
	}
	return d.oneUser(ctx, c, d.options.BaseDN, goldap.ScopeWholeSubtree, userFilter(d.options, typed, account))
}

// oneUser is the user of a search that has exactly one.
func (d *Directory) oneUser(ctx context.Context, c *conn, base string, scope int, filter string) (*goldap.Entry, error) {
	attributes := []string{attrMail, attrGUID, attrUUID, attrControl, attrExpires, attrLockedTime, "uid", "gidNumber"}
	for _, name := range d.options.SignIn {
		attributes = append(attributes, string(name))
	}
	if d.options.Type == vpn.OtherDirectory {
		attributes = append(attributes, attrMemberOf)
	}
	r := goldap.NewSearchRequest(base, scope, goldap.NeverDerefAliases, 2, d.seconds(), false, filter, attributes, nil)
	found, err := c.search(ctx, r)
	switch {
	case goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded):
		return nil, errAmbiguousUser
	case err != nil:
		return nil, searchFault(base, err)
	case len(found.Entries) == 0:
		return nil, errUnknownUser
	case len(found.Entries) > 1:
		return nil, errAmbiguousUser
	}
	return found.Entries[0], nil
}

func (d *Directory) seconds() int { return max(1, int(d.timeouts.Operation/time.Second)) }

// userOf reads a user without the groups.
func (d *Directory) userOf(e *goldap.Entry) (vpn.ProviderUser, error) {
	u := vpn.ProviderUser{DN: e.DN, Mail: e.GetAttributeValue(attrMail), Disabled: disabled(e)}
	for _, name := range d.options.SignIn {
		if u.Name = e.GetAttributeValue(string(name)); u.Name != "" {
			break
		}
	}
	switch { // keySearch finds the user by it
	case d.options.Type == vpn.ActiveDirectory && len(e.GetRawAttributeValue(attrGUID)) > 0:
		u.Key = hex.EncodeToString(e.GetRawAttributeValue(attrGUID))
	case e.GetAttributeValue(attrUUID) != "":
		u.Key = e.GetAttributeValue(attrUUID)
	default:
		u.Key = strings.ToLower(e.DN)
	}
	if vpn.UserNameFault(u.Name) != "" {
		u.Name = ""
		return u, vpn.Refuse(vpn.Denied, vpn.CodeUserUnnamed, fmt.Sprintf("The directory gives %s no %s that can name a user.", e.DN, d.options.SignIn[0]))
	}
	return u, nil
}

// accountDisabled is the bit ACCOUNTDISABLE of userAccountControl.
const accountDisabled = 0x2

// disabled tells whether the entry says that the user may not sign in at present. accountExpires is in 100 ns since
// 1601; 0 and the largest number mean never.
func disabled(e *goldap.Entry) bool {
	if flags, err := strconv.ParseInt(e.GetAttributeValue(attrControl), 10, 64); err == nil && flags&accountDisabled != 0 {
		return true
	}
	const to1970 = 11644473600 // seconds
	if at, err := strconv.ParseInt(e.GetAttributeValue(attrExpires), 10, 64); err == nil && at > 0 {
		if end := time.Unix(at/1e7-to1970, 0); end.Before(time.Now()) {
			return true
		}
	}
	return e.GetAttributeValue(attrLockedTime) == "000001010000Z" // locked for good (draft-behera-ldap-password-policy)
}

// domainName is the NetBIOS name of an Active Directory's domain, the DOMAIN of DOMAIN\name, read once.
type domainName struct {
	mu   sync.Mutex // guards name; held while it is read
	name string
}

func (n *domainName) read(ctx context.Context, c *conn) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.name != "" {
		return n.name, nil
	}
	one := func(base string, scope int, filter string, attributes ...string) (*goldap.Entry, error) {
		found, err := c.search(ctx, goldap.NewSearchRequest(base, scope, goldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil))
		if err != nil {
			return nil, searchFault(base, err)
		}
		if len(found.Entries) == 0 {
			return nil, searchFault(base, errors.New("no entry"))
		}
		return found.Entries[0], nil
	}
	const naming, configuration, netBIOS = "defaultNamingContext", "configurationNamingContext", "nETBIOSName"
	root, err := one("", goldap.ScopeBaseObject, "(objectClass=*)", naming, configuration)
	if err != nil {
		return "", err
	}
	partition, err := one("CN=Partitions,"+root.GetAttributeValue(configuration), goldap.ScopeSingleLevel,
		"(&(objectClass=crossRef)"+equals("nCName", root.GetAttributeValue(naming))+")", netBIOS)
	if err != nil {
		return "", err
	}
	n.name = partition.GetAttributeValue(netBIOS)
	return n.name, nil
}

// keySearch is the search for the user of a key. The filter for users applies, so that a user whom it leaves out is gone.
func (d *Directory) keySearch(key string) (base string, scope int, filter string, err error) {
	if strings.Contains(key, "=") { // a DN
		return key, goldap.ScopeBaseObject, "(&(objectClass=*)" + d.options.UserFilter + ")", nil
	}
	condition := equals(attrUUID, key)
	if d.options.Type == vpn.ActiveDirectory {
		raw, err := hex.DecodeString(key)
		if err != nil {
			return "", 0, "", fmt.Errorf("key of a user: %w", err)
		}
		condition = octets(attrGUID, raw)
	}
	return d.options.BaseDN, goldap.ScopeWholeSubtree, "(&" + condition + d.options.UserFilter + ")", nil
}
