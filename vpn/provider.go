package vpn

import (
	"cmp"
	"strings"
)

// ProviderID names an identity provider of any kind: the text of a DirectoryID or of a SAMLProviderID. Users and groups of
// two providers are never the same, whatever they are called. Empty: the client certificate proved the user.
type ProviderID string

// Directory is the provider as a directory; false for a provider of another kind.
func (id ProviderID) Directory() (DirectoryID, bool) {
	return DirectoryID(id), strings.HasPrefix(string(id), prefixDirectory)
}

// SAML is the provider as a SAML provider; false for a provider of another kind.
func (id ProviderID) SAML() (SAMLProviderID, bool) {
	return SAMLProviderID(id), strings.HasPrefix(string(id), prefixSAMLProvider)
}

// Provider is the directory, among identity providers of every kind.
func (id DirectoryID) Provider() ProviderID { return ProviderID(id) }

// Provider is the SAML provider, among identity providers of every kind.
func (id SAMLProviderID) Provider() ProviderID { return ProviderID(id) }

// ProviderUser is what an identity provider tells about one user.
type ProviderUser struct {
	Key      string // stays when the user is renamed or moved: objectGUID, entryUUID, the NameID of SAML
	DN       string // of a directory
	Name     string // as the provider spells it, whatever the user typed
	Mail     string
	Disabled bool // of a directory: may not sign in at present: disabled, locked or expired
	Groups   []Group
	More     bool // the user has more groups than count
}

// ProviderRef is an identity provider by its ID and name.
type ProviderRef struct {
	ID   ProviderID
	Name string // empty where it has none
}

// Label is what lists call the identity provider.
func (r ProviderRef) Label() string { return cmp.Or(r.Name, string(r.ID)) }
