package endpoint

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// View shows the page "Download client configuration".
func (h *Configuration) View(c echo.Context) error {
	return h.renderView(c, configurationInput{Client: c.QueryParam("client")}, nil)
}

func (h *Configuration) renderView(c echo.Context, in configurationInput, refused error) error {
	return h.renderConfiguration(c, in, refused, linkInput{Client: in.Client}, nil)
}

// renderConfiguration draws the page with what was typed into its two forms, and what each was refused for.
func (h *Configuration) renderConfiguration(c echo.Context, in configurationInput, refused error, link linkInput, linkRefused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	v := views.Configuration{
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, ""), Title: "Download client configuration",
			Note: "The file with which users' OpenVPN clients connect to this endpoint."},
		Plain: views.EndpointPath(view.ID, "configuration", "download"), Connections: views.EndpointPath(view.ID, "connections"),
		Facts: []parts.Pair{
			views.RemoteName(view.Remote, ""),
			{Label: "Transport Protocol", Value: strings.ToUpper(string(view.Listen.Transport)) + ", port " + strconv.Itoa(int(view.Listen.Port)),
				Help: "Clients must reach it from where they are: open it in firewalls, and forward it to this host where it is behind a router."},
		},
	}
	v.Title, v.Text = plainFile(view)
	v.PlainButton = "Download client configuration"
	if view.Mutual() {
		v.PlainButton = "Download without certificate"
	}
	if view.Federated() {
		v.Browser = &views.BrowserSignIn{WithCertificate: view.Mutual(), CommandLine: views.EndpointPath(view.ID, "configuration", "command-line")}
	}
	if view.Side().Profile().Code {
		v.Facts = append(v.Facts, parts.Pair{Label: "Multi-factor authentication", Value: "The client asks for a code", Help: "A file from before it was enabled does not."})
	}
	work, stopped, err := h.endpoints.HandedOut(page.Context(c), page.Principal(c), view)
	if err != nil {
		return err
	}
	v.Facts = append(v.Facts, handedOutFact(work, stopped))
	_, err = h.endpoints.ConfigurationPreview(page.Context(c), page.Principal(c), view.ID)
	switch {
	case page.BelongsInForm(err):
		v.Broken = page.Refusal(err)
	case err != nil:
		return err
	}
	if view.SignInWarning != "" {
		v.Notices = append(v.Notices, views.Notice{Tone: "warning", Title: "Users may not reach the page of the sign-in", Text: view.SignInWarning})
	}
	if view.RemoteWarning != "" {
		v.Notices = append(v.Notices, views.Notice{Tone: "warning", Title: "Clients may not find the endpoint", Text: view.RemoteWarning})
	}
	if view.InternetWarning != "" {
		v.Notices = append(v.Notices, views.Notice{Tone: "warning", Title: "Clients lose the internet", Text: view.InternetWarning,
			Action: parts.Button{Label: "Route table", Href: views.EndpointPath(view.ID, "routes")}})
	}
	v.Clients = clientsState(view)
	v.Live = page.Live(c, "clients-state", page.RenewOften, v.Clients)
	v.Live.Self = views.EndpointPath(view.ID, "configuration") // also where the page answers a form that was refused
	v.Chrome = h.pages.Chrome(c, "Download client configuration", "endpoints")
	var clients []vpn.Certificate
	if view.Mutual() && page.Principal(c).Role.MayChange() {
		if clients, err = h.clientForm(c, &v, view, in, refused); err != nil {
			return err
		}
	}
	if err := h.links(c, &v, view, clients, link, linkRefused); err != nil {
		return err
	}
	if page.Fragment(c) {
		return page.RenderLive(c, v.Live, views.ConfigurationPage(v))
	}
	return page.RenderForm(c, cmp.Or(refused, linkRefused), views.ConfigurationPage(v))
}

// clientForm offers the client certificates to choose from, which it returns, or says what to do if there are none.
func (h *Configuration) clientForm(c echo.Context, v *views.Configuration, view endpoint.View, in configurationInput, refused error) ([]vpn.Certificate, error) {
	id := view.ID
	clients, err := h.endpoints.ClientCertificates(page.Context(c), page.Principal(c), id, page.Find(c), page.CertificateIDs(in.Client)...)
	if err != nil {
		return nil, err
	}
	v.Finder = page.Finder(c, views.EndpointPath(id, "configuration"), "client certificates", clients.More)
	if len(clients.List) == 0 && refused == nil && v.Finder == nil {
		v.Hint = &views.Notice{
			Text:   "No client certificate that this endpoint accepts was issued here. Issue one; the file can then include it with its key.",
			Action: parts.Button{Label: "Issue client certificate", Href: "/certificates/issue?use=client"},
		}
		return nil, nil
	}
	intro := "Anyone with this file can connect as this client, so give it to that user only."
	switch {
	case view.AsksPassword():
		intro = "The file proves the client; its user signs in with name and password besides. Give it to that user only."
	case view.Federated():
		intro = "The file proves the client; its user signs in in the browser besides. Give it to that user only."
	}
	v.Form = &parts.Form{
		Title: "With a client certificate and key", Action: views.EndpointPath(id, "configuration"), Submit: "Download with certificate and key", Gets: true,
		Intro: intro + " The download is recorded in the audit trail.",
		Fields: []parts.Field{{Name: "client", Label: "Client certificate and key", Type: "select", Value: onlyClient(in.Client, clients.List), Required: true,
			Options: views.CertificateOptions("Choose a client certificate", clients.List)}},
	}
	if view.Federated() {
		v.Form.Fields = append(v.Form.Fields, parts.Field{Name: "command_line", Label: "For the command line of OpenVPN", Type: "checkbox", Checked: in.CommandLine != "",
			Help: "The client then prints the address of the sign-in. Programs with a window open it by themselves: leave this off for them."})
	}
	page.Fail(v.Form, refused)
	return clients.List, nil
}

// onlyClient is the client certificate that was chosen, or the only one that there is.
func onlyClient(chosen string, list []vpn.Certificate) string {
	if chosen == "" && len(list) == 1 {
		return string(list[0].ID)
	}
	return chosen
}

// plainFile is the heading and the text of the file without a client certificate.
func plainFile(view endpoint.View) (title, text string) {
	text = "The file has the name of the endpoint and the certificates that verify it."
	switch {
	case view.AsksPassword():
		text += " Users sign in with their own name and password of " + view.UserDirectory.Label() + ": the file has neither."
	case view.Federated():
		text += " Users sign in in the browser, at " + view.UserSAML.Label() + "."
	}
	if !view.Mutual() {
		return "Configuration file", text + " All users get the same file."
	}
	return "Without a client certificate", text + " Each user adds their own certificate and key to the file, between <cert> and <key> tags. Without them a client cannot connect."
}

// handedOutFact says how many files were downloaded, and how many of them the endpoint no longer answers.
func handedOutFact(work, stopped int) parts.Pair {
	fact := parts.Fact("Files handed out", parts.Count(work+stopped, "download"))
	if stopped > 0 {
		fact.Help = parts.Number(stopped) + " of other settings no longer " + parts.YesNo(stopped == 1, "works", "work") + "."
	}
	return fact
}
