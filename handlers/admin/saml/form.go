package saml

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type providerInput struct {
	Version        string `form:"version"`
	Name           string `form:"name"`
	Source         string `form:"metadata_source"` // of a new provider: sourceDocument or sourceURL
	Document       string `form:"metadata"`
	MetadataURL    string `form:"metadata_url"`
	Fetch          string `form:"fetch"`
	GroupAttribute string `form:"group_attribute"`
	NameAttribute  string `form:"name_attribute"`
	MailAttribute  string `form:"mail_attribute"`
	SignRequests   string `form:"sign_requests"`

	unread error // of the file
}

func inputOf(p vpn.SAMLProvider) providerInput {
	in := providerInput{
		Version: strconv.Itoa(p.Version), Name: p.Name, MetadataURL: p.MetadataURL,
		GroupAttribute: p.GroupAttribute, NameAttribute: p.NameAttribute, MailAttribute: p.MailAttribute,
	}
	if p.SignRequests {
		in.SignRequests = "on"
	}
	return in
}

// read binds the posted form and takes the document from the chosen file.
func (in *providerInput) read(c echo.Context) error {
	if err := page.Bind(c, in); err != nil {
		return err
	}
	up, err := page.UploadOf(c, documentFile)
	if err != nil {
		return err
	}
	in.Document = strings.TrimSpace(in.Document)
	if in.Source == sourceURL { // what was chosen or pasted before stays out of it
		in.Document, up = "", page.Upload{}
	}
	var check vpn.Check
	switch {
	case up.Files == 0:
	case in.Document != "":
		check.Bad("metadata", "There is a text and a file. Empty the box to use the file, or choose no file.")
	case strings.TrimSpace(up.Text) == "":
		check.Bad("metadata", "The file is empty.")
	default:
		in.Document = up.Text
	}
	in.unread = check.Err()
	return nil
}

// documentFile is the control for the file of the document.
const documentFile = "metadata_file"

func (in providerInput) spec() vpn.SAMLProviderSpec {
	version, _ := strconv.Atoi(in.Version)
	return vpn.SAMLProviderSpec{
		Version: version, Name: in.Name, Document: in.Document, Fetch: in.Fetch != "" || in.Source == sourceURL,
		SAMLProviderOptions: vpn.SAMLProviderOptions{
			GroupAttribute: in.GroupAttribute, NameAttribute: in.NameAttribute, MailAttribute: in.MailAttribute,
			SignRequests: in.SignRequests != "", MetadataURL: in.MetadataURL,
		},
	}
}

// Where the metadata of a new provider comes from.
const (
	sourceDocument = "document"
	sourceURL      = "url"
)

const (
	sectionMetadata = "Metadata of the identity provider"
	sectionUsers    = "Users"
	sectionRequests = "Requests"
)

var sections = []parts.Section{
	{Title: sectionMetadata, Help: "It says where users sign in, and with which certificates the provider signs."},
	{Title: sectionUsers, Help: "Names of attributes are case-sensitive."},
	{Title: sectionRequests},
}

// fields are the fields of the form. stored is the provider that is modified; nil for a new one.
func (in providerInput) fields(stored *vpn.SAMLProvider) []parts.Field {
	document := parts.Field{Name: "metadata", Label: "Metadata document", Type: "textarea", Rows: 5, Value: in.Document, Mono: true, Autocomplete: "off", Section: sectionMetadata,
		Upload: documentFile, Placeholder: "<EntityDescriptor …>", Help: "Paste the XML that the provider offers for download, or choose its file. Without it, the document behind the URL is read."}
	address := parts.Field{Name: "metadata_url", Label: "Metadata URL", Value: in.MetadataURL, Mono: true, Autocomplete: "off", Section: sectionMetadata, Placeholder: "https://",
		Help: "If set, the document there is compared with the stored one once a day. Differences are shown; they change nothing by themselves."}
	out := []parts.Field{{Name: "name", Label: "Name", Value: in.Name, Required: true, Autocomplete: "off", Focus: true}}
	if stored == nil {
		out = append(out, in.sourceFields(document, address)...)
	} else {
		out = append(out, document, address)
		out[1].Help = "If empty, the stored document is kept. What is different in a new one is shown before it is saved."
		out = append(out, parts.Field{Name: "fetch", Label: "Read the document behind the URL again", Type: "checkbox", Checked: in.Fetch != "", Value: "on", Section: sectionMetadata})
	}
	return append(out,
		parts.Field{Name: "group_attribute", Label: "Group attribute", Value: in.GroupAttribute, Mono: true, Autocomplete: "off", Section: sectionUsers, Placeholder: vpn.UsualGroupAttribute,
			Help: "Its values are the IDs of a user's groups, as authorization rules name them. If empty, memberOf."},
		parts.Field{Name: "name_attribute", Label: "Name attribute", Value: in.NameAttribute, Mono: true, Autocomplete: "off", Section: sectionUsers,
			Help: "What lists call a user. If empty, the NameID, or a usual attribute where the NameID is a random text."},
		parts.Field{Name: "mail_attribute", Label: "E-mail attribute", Value: in.MailAttribute, Mono: true, Autocomplete: "off", Section: sectionUsers,
			Help: "If empty, one of the usual attributes, or a NameID that is an e-mail address."},
		parts.Field{Name: "sign_requests", Label: "Sign requests", Type: "checkbox", Checked: in.SignRequests != "", Value: "on", Section: sectionRequests,
			Help: "The key is made here and sealed; its certificate is in our metadata. Most providers do not need it."},
	)
}

// sourceFields are the fields of a new provider for its metadata: one of the two is needed.
func (in providerInput) sourceFields(document, address parts.Field) []parts.Field {
	chosen := cmp.Or(in.Source, sourceDocument)
	document.Follow = parts.Follow{Choice: "metadata_source", Chosen: chosen, Shown: []string{sourceDocument}, Required: []string{sourceDocument}}
	address.Follow = parts.Follow{Choice: "metadata_source", Chosen: chosen, Required: []string{sourceURL}}
	document.Help = "Paste the XML that the provider offers for download, or choose its file."
	return []parts.Field{{
		Name: "metadata_source", Label: "Read the metadata from", Type: "radio", Value: chosen, Required: true, Section: sectionMetadata,
		Options: []parts.Option{
			{Value: sourceDocument, Label: "The document", Help: "A file of the provider, or its text. Google Workspace has nothing else."},
			{Value: sourceURL, Label: "The metadata URL", Help: "It is read once when you create the provider."},
		},
	}, document, address}
}

func (in providerInput) form(stored *vpn.SAMLProvider, refused error) parts.Form {
	f := parts.Form{Files: true, Fields: in.fields(stored), Sections: sections, Hidden: []parts.Hidden{{Name: "version", Value: in.Version}}}
	page.Fail(&f, refused)
	return f
}
