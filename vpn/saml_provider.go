package vpn

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
)

// SAMLProviderID is "saml-" and 10 hex digits; the guide has an ARN in its place (guide, "Single sign-on (SAML 2.0-based
// federated authentication)").
type SAMLProviderID string

const (
	prefixSAMLProvider  = "saml-"
	samlProviderIDBytes = 5
)

// NewSAMLProviderID is random.
func NewSAMLProviderID() SAMLProviderID {
	var b [samlProviderIDBytes]byte
	_, _ = rand.Read(b[:])
	return SAMLProviderID(prefixSAMLProvider + hex.EncodeToString(b[:]))
}

// WellFormed tells whether the ID is one that NewSAMLProviderID makes. Others are neither looked up nor logged.
func (id SAMLProviderID) WellFormed() bool {
	digits, found := strings.CutPrefix(string(id), prefixSAMLProvider)
	_, err := hex.DecodeString(digits)
	return found && err == nil && len(digits) == 2*samlProviderIDBytes
}

// SAMLProvider is an identity provider (IdP) that proves users by SAML 2.0, in their browser.
type SAMLProvider struct {
	ID        SAMLProviderID
	Name      string
	Version   int
	CreatedAt time.Time
	SAMLProviderOptions
	Metadata SAMLMetadata // what the document says; the document itself is kept apart
	// KnownURL is the base of the public pages with which the provider is known to have our values: the one at its creation,
	// or of the last answer that was accepted. Empty: not known.
	KnownURL string
}

// SAMLProviderOptions is what an administrator sets. The metadata of the IdP is kept apart.
type SAMLProviderOptions struct {
	// GroupAttribute names the attribute with the IDs of a user's groups, in its case.
	GroupAttribute string `json:"group_attribute"`
	// NameAttribute names the attribute with what lists call a user; empty: the NameID, or one of the usual attributes where
	// that is a random text.
	NameAttribute string `json:"name_attribute,omitempty"`
	// MailAttribute names the attribute with the e-mail address; empty: one of the usual attributes.
	MailAttribute string `json:"mail_attribute,omitempty"`
	SignRequests  bool   `json:"sign_requests,omitempty"`
	// MetadataURL is where the metadata document is; empty: it was uploaded. What is there now is compared with what is
	// stored once a day.
	MetadataURL string `json:"metadata_url,omitempty"`
}

// UsualGroupAttribute is the group attribute of a provider for which none was chosen (guide, "SAML 2.0-based IdP requirements").
const UsualGroupAttribute = "memberOf"

// SAMLProviderSpec is a provider as typed.
type SAMLProviderSpec struct {
	Version int // an edit's: the one that the form was filled from
	Name    string
	// Document is the metadata document as uploaded or pasted; empty: the one behind the URL, or an edit's: what is stored.
	Document string
	Fetch    bool // read the document behind the URL: a new provider's without Document, or an edit's, again
	SAMLProviderOptions
}

// NewSAMLProvider checks a new provider without its document. Fields: name, and those of CheckOptions.
func NewSAMLProvider(in SAMLProviderSpec, now time.Time) (SAMLProvider, error) {
	var c Check
	p := SAMLProvider{ID: NewSAMLProviderID(), Version: 1, CreatedAt: now, SAMLProviderOptions: in.SAMLProviderOptions}
	p.Name = checkName(&c, "name", in.Name, true)
	p.CheckOptions(&c)
	if in.Document == "" && !in.Fetch {
		c.Bad("metadata", "Choose the file of the metadata document, or paste it. Or have it read from its URL.")
	}
	checkSource(&c, in)
	return p, c.Err()
}

// Edit applies a change without its document.
func (p *SAMLProvider) Edit(in SAMLProviderSpec) error {
	var c Check
	next := *p
	next.SAMLProviderOptions = in.SAMLProviderOptions
	next.Name = checkName(&c, "name", in.Name, true)
	next.CheckOptions(&c)
	checkSource(&c, in)
	if in.Version != p.Version {
		return ErrStale("SAML provider").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	next.Version++
	*p = next
	return nil
}

// checkSource checks where a new document comes from.
func checkSource(c *Check, in SAMLProviderSpec) {
	if len(in.Document) > MaxSAMLMetadata {
		c.Bad("metadata", "The document is longer than 512 KB: it is that of a federation. Use the one of the identity provider alone.")
	}
	if in.Fetch && strings.TrimSpace(in.MetadataURL) == "" {
		c.Bad("metadata_url", "Enter the URL of the metadata document.")
	}
	if in.Fetch && in.Document != "" {
		c.Bad("fetch", "There is a document too. Read the one behind the URL, or use the one that was chosen or pasted.")
	}
}

// maxAttribute bounds the name of an attribute, which may be a URI, in characters.
const maxAttribute = 255

// CheckOptions checks what was typed, after trimming it. Fields: group_attribute, name_attribute, mail_attribute, metadata_url.
func (o *SAMLProviderOptions) CheckOptions(c *Check) {
	for _, text := range []*string{&o.GroupAttribute, &o.NameAttribute, &o.MailAttribute, &o.MetadataURL} {
		*text = strings.TrimSpace(*text)
	}
	if o.GroupAttribute == "" {
		o.GroupAttribute = UsualGroupAttribute
	}
	checkDirectoryText(c, "group_attribute", "name of the attribute", o.GroupAttribute, maxAttribute)
	checkDirectoryText(c, "name_attribute", "name of the attribute", o.NameAttribute, maxAttribute)
	checkDirectoryText(c, "mail_attribute", "name of the attribute", o.MailAttribute, maxAttribute)
	if o.MetadataURL == "" {
		return
	}
	u, sentence := ParseMetadataURL(o.MetadataURL)
	if sentence != "" {
		c.Bad("metadata_url", sentence)
		return
	}
	o.MetadataURL = u.String()
}

// Fault says why sign-ins at the provider are refused whatever its answers say, or "".
func (m SAMLMetadata) Fault(now time.Time) string {
	for _, e := range m.Expiries(now) {
		if e.Days < 0 {
			return e.What + " ended on " + dayOrNone(e.At) + ". Get the present document from the IdP."
		}
	}
	return ""
}

// InUse refuses to delete a provider that endpoints use; nil where none does.
func (p SAMLProvider) InUse(by []EndpointRef) error {
	if len(by) == 0 {
		return nil
	}
	return Refuse(Conflict, CodeResourceInUse, "Users of "+namedEndpoints(by)+" sign in at SAML provider "+p.Label()+". Delete the provider after them.")
}

// Label is what lists and messages call the provider.
func (p SAMLProvider) Label() string { return labelOf(p.Name, string(p.ID)) }

// ValuesChanged tells whether the provider was made, or last used, with another base of the public pages than publicURL: its
// entity ID and ACS URL then have to be corrected at the identity provider. False where either is not known.
func (p SAMLProvider) ValuesChanged(publicURL string) bool {
	return p.KnownURL != "" && publicURL != "" && p.EntityID(p.KnownURL) != p.EntityID(publicURL)
}

// ValuesSentence says that the values for the identity provider changed with publicURL, and what to do; empty: they did not.
func (p SAMLProvider) ValuesSentence(publicURL string) string {
	if !p.ValuesChanged(publicURL) {
		return ""
	}
	return "public_url is now " + publicURL + " and was " + p.KnownURL + ": entity ID and ACS URL have changed with it. " +
		"Enter the new ones at the identity provider, then test a sign-in; until then users may not be able to sign in."
}

// EntityID names us to the provider, and is where our metadata is. publicURL is the base of the public pages.
func (p SAMLProvider) EntityID(publicURL string) string { return p.publicPath(publicURL) + "/metadata" }

// ACSURL is where the provider sends its answers, by HTTP-POST.
func (p SAMLProvider) ACSURL(publicURL string) string { return p.publicPath(publicURL) + "/acs" }

func (p SAMLProvider) publicPath(publicURL string) string {
	return strings.TrimSuffix(publicURL, "/") + "/saml/" + string(p.ID)
}
