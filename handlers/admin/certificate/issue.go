package certificate

import (
	"cmp"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type issueInput struct {
	Authority  string `form:"authority"`
	Use        string `form:"use"`
	CommonName string `form:"common_name"`
	Name       string `form:"name"`
	DNSNames   string `form:"dns_names"`
	KeyType    string `form:"key_type"`
	ValidDays  string `form:"valid_days"`
	Proposed   string `form:"valid_days_proposed"` // what the form had in valid_days
}

func (in issueInput) spec() certificate.IssueSpec {
	return certificate.IssueSpec{
		Authority: vpn.CertificateID(in.Authority), Use: vpn.CertificateUse(in.Use), Name: in.Name, CommonName: in.CommonName,
		DNSNames: in.DNSNames, KeyType: vpn.KeyType(in.KeyType), ValidDays: parts.Typed(in.ValidDays, in.Proposed),
	}
}

func (in issueInput) form(authorities []vpn.Certificate) parts.Form {
	return parts.Form{
		Action: "/certificates/issue", Submit: "Issue certificate", Cancel: "/certificates",
		Sections: []parts.Section{{Title: sectionDetails}, {Title: sectionName}, {Title: sectionKey}},
		Fields: []parts.Field{
			{Section: sectionDetails, Name: "use", Label: "Use", Type: "radio", Value: in.Use, Required: true, Options: []parts.Option{
				{Value: string(vpn.UseServer), Label: "Server certificate", Help: "Proves the identity of an endpoint to its clients."},
				{Value: string(vpn.UseClient), Label: "Client certificate", Help: "Proves the identity of one user or device to the endpoint."},
			}},
			{Section: sectionDetails, Name: "authority", Label: "Certificate authority", Type: "select", Value: in.Authority, Required: true,
				Options: views.CertificateOptions("Choose an authority", authorities)},
			{Section: sectionName, Name: "common_name", Label: "Common name (CN)", Value: in.CommonName, Required: true, Autocomplete: "off",
				Help: "Of a server certificate: a name for it, for example server. Of a client certificate: the user name in connections and logs, for example alice."},
			nameField(in.Name),
			{Section: sectionName, Name: "dns_names", Label: "DNS names", Value: in.DNSNames, Autocomplete: "off", Mono: true,
				Help: "For a server certificate: its host names, separated by spaces or commas.", Follow: parts.Follow{Choice: "use", Chosen: in.Use, Shown: []string{string(vpn.UseServer)}}},
			keyTypeField(in.KeyType),
			in.validityField(),
		},
	}
}

// validityField holds the validity of the chosen use until another one is typed.
func (in issueInput) validityField() parts.Field {
	server, client := strconv.Itoa(vpn.DefaultValidDays[vpn.UseServer]), strconv.Itoa(vpn.DefaultValidDays[vpn.UseClient])
	proposed := map[string]string{string(vpn.UseServer): server, string(vpn.UseClient): client}
	return parts.Field{Section: sectionKey, Name: "valid_days", Label: "Validity in days", Required: true, InputMode: "numeric", Autocomplete: "off",
		Value:  cmp.Or(parts.Typed(in.ValidDays, in.Proposed), proposed[in.Use]),
		Help:   "Unless it is changed: " + server + " for a server certificate, " + client + " for a client certificate, or as long as its authority where that ends before. A certificate cannot be valid longer than its authority.",
		Follow: parts.Follow{Choice: "use", Chosen: in.Use, Proposed: proposed}}
}

func (h *Certificates) renderIssue(c echo.Context, in issueInput, refused error) error {
	choices, err := h.certificates.Authorities(page.Context(c), page.Principal(c), page.Find(c), page.CertificateIDs(in.Authority)...)
	if err != nil {
		return err
	}
	authorities := choices.List
	if in.Authority == "" && len(authorities) == 1 && refused == nil {
		in.Authority = string(authorities[0].ID)
	}
	v := views.FormPage{
		Header: parts.Header{Crumbs: certificateCrumbs, Title: "Issue certificate"},
		Form:   in.form(authorities), Finder: page.Finder(c, "/certificates/issue", "certificate authorities", choices.More, parts.Hidden{Name: "use", Value: in.Use}),
	}
	page.Fail(&v.Form, refused)
	if len(authorities) == 0 && v.Finder == nil {
		v.Notice = &views.Notice{Tone: "info", Title: "There is no certificate authority that can issue", Text: "A certificate authority issues certificates, if its private key is kept here and it has not expired. Create one, or import one with its key.",
			Action: parts.Button{Label: "Create certificate authority", Href: "/certificates/authority/new", Tone: "primary"}}
	}
	v.Chrome = h.pages.Chrome(c, "Issue certificate", "certificates")
	return page.RenderForm(c, refused, views.Form(v))
}

// IssueForm shows the form for a server or client certificate. The query parameters use and authority
// preset the fields.
func (h *Certificates) IssueForm(c echo.Context) error {
	in := issueInput{Use: string(vpn.UseServer), Authority: c.QueryParam("authority"), KeyType: string(vpn.KeyTypes[0])}
	if c.QueryParam("use") == string(vpn.UseClient) {
		in.Use = string(vpn.UseClient)
	}
	return h.renderIssue(c, in, nil)
}

// Issue issues a server or client certificate.
func (h *Certificates) Issue(c echo.Context) error {
	var in issueInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	cert, err := h.certificates.IssueCertificate(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.renderIssue(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, views.CertificateUse(cert.Use)+" certificate "+views.NameOr(cert.Name, cert.ID)+" issued.", views.CertificatePath(cert.ID), h.nextStep(c, cert)...)
}
