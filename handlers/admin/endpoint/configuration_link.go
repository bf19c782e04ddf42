package endpoint

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type linkInput struct {
	Client string `form:"client"`
	Hours  string `form:"hours"`
}

// MakeLink makes a one-time link, and shows it: in this answer and never again.
func (h *Configuration) MakeLink(c echo.Context) error {
	var in linkInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	made, err := h.endpoints.MakeLink(page.Context(c), page.Principal(c), endpointID(c), vpn.CertificateID(in.Client), in.Hours)
	if page.BelongsInForm(err) {
		return h.renderConfiguration(c, configurationInput{}, nil, in, err)
	}
	if err != nil {
		return err
	}
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), made.Endpoint)
	if err != nil {
		return err
	}
	url, now := made.URL.Reveal(), h.pages.Now()
	v := views.ConfigurationLink{
		Chrome: h.pages.Chrome(c, "One-time link", "endpoints"), URL: url, Back: views.EndpointPath(made.Endpoint, "configuration"),
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "configuration"), Title: "One-time link"},
		Facts: []parts.Pair{
			{Label: "Link", Value: url, Copy: true, Wide: true}, parts.Fact("Client", cmp.Or(made.Client, "no client certificate")),
			parts.FactTime("Ends", parts.At(now, made.EndsAt)),
		},
	}
	v.Warning = linkWarning(h.endpoints.Settings())
	return page.Render(c, http.StatusOK, views.ConfigurationLinkPage(v))
}

// linkWarning says what keeps users from opening one-time links; nil where nothing does.
func linkWarning(s control.Settings) *views.Notice {
	how := parts.Button{Label: "How to serve the public pages", Href: "/help/public-pages"}
	const mend = " Set public_listen and public_url, settings of the server, to where users reach them, and start it again."
	switch {
	case s.PublicURL == "":
		return &views.Notice{Tone: "warning", Title: "Users cannot open the link", Text: "The public pages, to which it leads, are not served." + mend, Action: how}
	case vpn.PublicURLWarning(s.PublicURL) != "":
		return &views.Notice{Tone: "warning", Title: "Users cannot open the link", Text: "It begins with " + s.PublicURL + ", which is reached from this host alone." + mend, Action: how}
	case s.PublicOwnCertificate:
		return &views.Notice{Tone: "info", Title: "Browsers warn before they open the link", Text: "The certificate of the public pages is self-signed. Set public_tls_certificate and public_tls_key to one that browsers trust, or tell the users to go on.", Action: how}
	}
	return nil
}

// linkLife is a number of hours in words.
func linkLife(hours int) string {
	if hours%24 == 0 && hours > 24 {
		return parts.Count(hours/24, "day")
	}
	return parts.Count(hours, "hour")
}

// WithdrawLink has a one-time link open nothing any more.
func (h *Configuration) WithdrawLink(c echo.Context) error {
	id := endpointID(c)
	if err := h.endpoints.WithdrawLink(page.Context(c), page.Principal(c), id, vpn.ConfigurationLinkID(c.Param("link"))); err != nil {
		return err
	}
	return h.pages.Done(c, "The one-time link opens nothing any more.", views.EndpointPath(id, "configuration"))
}

// links are the form for a one-time link, and those that were made.
func (h *Configuration) links(c echo.Context, v *views.Configuration, view endpoint.View, clients []vpn.Certificate, in linkInput, refused error) error {
	list, err := h.endpoints.Links(page.Context(c), page.Principal(c), view.ID)
	if err != nil {
		return err
	}
	now := h.pages.Now()
	for _, l := range list {
		row := views.LinkRow{Client: cmp.Or(l.Client, "–"), State: string(l.State(now)), MadeBy: l.MadeBy, Made: parts.At(now, l.MadeAt), Ends: parts.At(now, l.EndsAt)}
		if l.State(now) == vpn.LinkOpen {
			row.Withdraw = views.EndpointPath(view.ID, "configuration", "links", string(l.ID), "withdraw")
		}
		if !l.UsedAt.IsZero() {
			row.Used, row.From = parts.At(now, l.UsedAt), l.UsedFrom
		}
		v.Links = append(v.Links, row)
	}
	if !v.Chrome.MayChange || v.Broken != "" {
		return nil
	}
	form := &parts.Form{
		Title: "Hand over by a one-time link", Action: views.EndpointPath(view.ID, "configuration", "links"), Submit: "Make one-time link",
		Intro: "Send the link to the user, or show its QR code to the user's phone. It opens a page with a button that downloads the file once. " +
			"A program that only looks at the link, such as a mail filter, does not use it up. Who has the link first has the file.",
	}
	if view.Mutual() {
		if len(clients) == 0 {
			return nil // the page says what to do first
		}
		form.Fields = append(form.Fields, parts.Field{Name: "client", ID: "link-client", Label: "Client certificate and key", Type: "select", Value: onlyClient(in.Client, clients), Required: true,
			Options: views.CertificateOptions("Choose a client certificate", clients)})
	}
	hours := parts.Field{Name: "hours", Label: "Works for", Type: "select", Value: in.Hours, Required: true}
	for _, n := range vpn.LinkHours() {
		hours.Options = append(hours.Options, parts.Option{Value: strconv.Itoa(n), Label: linkLife(n)})
	}
	form.Fields = append(form.Fields, hours)
	page.Fail(form, refused)
	v.LinkForm, v.LinkWarning = form, linkWarning(h.endpoints.Settings())
	return nil
}
