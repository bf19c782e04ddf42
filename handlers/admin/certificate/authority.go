package certificate

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type authorityInput struct {
	Name       string `form:"name"`
	CommonName string `form:"common_name"`
	KeyType    string `form:"key_type"`
	ValidDays  string `form:"valid_days"`
}

// certificateCrumbs are the breadcrumbs of the forms about certificates.
var certificateCrumbs = []parts.Crumb{{Label: "Certificates", Href: "/certificates"}}

// The sections of the forms about certificates.
const (
	sectionDetails = "Details"
	sectionName    = "Name"
	sectionKey     = "Key and validity"
	sectionPEM     = "PEM"
)

func nameField(value string) parts.Field {
	return parts.Field{Section: sectionName, Name: "name", Label: "Name", Value: value, Autocomplete: "off", Help: "Shown in lists. If empty, the common name is used."}
}

func keyTypeField(value string) parts.Field {
	f := parts.Field{Section: sectionKey, Name: "key_type", Label: "Key type", Type: "select", Value: value, Required: true,
		Help: "ECDSA P-256 is fast and strong. Choose RSA for clients that do not support ECDSA."}
	for _, k := range vpn.KeyTypes {
		f.Options = append(f.Options, parts.Option{Value: string(k), Label: string(k)})
	}
	return f
}

func (in authorityInput) form() parts.Form {
	return parts.Form{
		Action: "/certificates/authority/new", Submit: "Create certificate authority", Cancel: "/certificates",
		Sections: []parts.Section{{Title: sectionName}, {Title: sectionKey}},
		Fields: []parts.Field{
			{Section: sectionName, Name: "common_name", Label: "Common name (CN)", Value: in.CommonName, Required: true, Autocomplete: "off", Placeholder: "Example VPN CA", Focus: true,
				Help: "The name of the authority in every certificate that it issues."},
			nameField(in.Name),
			keyTypeField(in.KeyType),
			{Section: sectionKey, Name: "valid_days", Label: "Validity in days", Value: in.ValidDays, Required: true, InputMode: "numeric", Autocomplete: "off",
				Help: "A certificate cannot be valid longer than its authority. When the authority expires, all its certificates must be replaced."},
		},
	}
}

func (h *Certificates) renderAuthority(c echo.Context, in authorityInput, refused error) error {
	form := in.form()
	page.Fail(&form, refused)
	head := parts.Header{Crumbs: certificateCrumbs, Title: "Create certificate authority",
		Note: "Its private key is created here and stored sealed. The authority issues server and client certificates."}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Create certificate authority", "certificates"), Header: head, Form: form}))
}

// AuthorityForm shows the form for a certificate authority.
func (h *Certificates) AuthorityForm(c echo.Context) error {
	return h.renderAuthority(c, authorityInput{
		KeyType: string(vpn.KeyTypes[0]), ValidDays: strconv.Itoa(vpn.DefaultValidDays[vpn.UseAuthority]),
	}, nil)
}

// CreateAuthority creates a certificate authority.
func (h *Certificates) CreateAuthority(c echo.Context) error {
	var in authorityInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	cert, err := h.certificates.CreateAuthority(page.Context(c), page.Principal(c), certificate.AuthoritySpec{
		Name: in.Name, CommonName: in.CommonName, KeyType: vpn.KeyType(in.KeyType), ValidDays: in.ValidDays,
	})
	if page.BelongsInForm(err) {
		return h.renderAuthority(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Certificate authority "+views.NameOr(cert.Name, cert.ID)+" created.", views.CertificatePath(cert.ID), page.Next{Label: "Issue a server certificate with it", Href: "/certificates/issue?authority=" + string(cert.ID)})
}
