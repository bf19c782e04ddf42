package endpoint

import (
	"errors"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

const (
	authoritiesPath  = "client-authorities"
	authoritiesTitle = "Client authorities"
)

// ClientAuthorities shows the authorities of an endpoint's client certificates, and who comes by each.
func (h *Endpoints) ClientAuthorities(c echo.Context) error { return h.renderAuthorities(c, "", nil) }

func (h *Endpoints) renderAuthorities(c echo.Context, chosen string, refused error) error {
	list, err := h.endpoints.ClientAuthorities(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	e := list.Endpoint
	v := views.ClientAuthorities{
		Chrome: h.pages.Chrome(c, authoritiesTitle, "endpoints"),
		Header: parts.Header{Crumbs: endpointCrumbs(e, ""), Title: authoritiesTitle,
			Note: "To change to another authority, add it here: clients with certificates of either get in. Issue new configuration files, and remove the old one when no client comes by it any more."},
	}
	if len(list.Trusted) == 0 {
		v.Header.Note = "Clients of this endpoint need no certificate: users sign in at an identity provider."
	}
	for _, a := range list.Trusted {
		row := views.ClientAuthority{Name: a.Label, Href: views.CertificatePath(a.ID), Use: authorityUse(a, list.Days)}
		if a.Own {
			row.Help = "The server certificate's own authority."
		}
		if len(list.Trusted) > 1 {
			row.Remove = views.EndpointPath(e.ID, authoritiesPath, string(a.ID), "remove")
		}
		v.Rows = append(v.Rows, row)
	}
	if len(list.Trusted) == 1 && page.Principal(c).Role.MayChange() {
		if v.Add, err = h.authorityForm(c, e, chosen); err != nil {
			return err
		}
		page.Fail(v.Add, refused)
	}
	return page.RenderForm(c, refused, views.ClientAuthoritiesPage(v))
}

func authorityUse(a endpoint.ClientAuthority, days int) string {
	return parts.Count(a.Live, "connection") + " by it now, " + parts.Count(a.Logins, "login") + " in the last " + strconv.Itoa(days) + " days."
}

func (h *Endpoints) authorityForm(c echo.Context, e vpn.Endpoint, chosen string) (*parts.Form, error) {
	choices, err := h.endpoints.AuthorityChoices(page.Context(c), page.Principal(c), e.ID, page.Find(c), page.CertificateIDs(chosen)...)
	if err != nil {
		return nil, err
	}
	options := clientAuthorityOptions("Choose an authority", choices.Authorities, choices.Clients)
	if choices.Own {
		options = append(options, parts.Option{Value: string(e.Certificate), Label: "The server certificate's own authority"})
	}
	return &parts.Form{
		Title: "Add a second authority", Action: views.EndpointPath(e.ID, authoritiesPath), Submit: "Add client authority", Cancel: views.EndpointPath(e.ID),
		Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(e.Version)}},
		Fields: []parts.Field{{Name: "client_ca", Label: "Client certificate", Type: "select", Value: chosen, Required: true, Options: options,
			Help: "The authority whose client certificates are taken as well; an imported client certificate stands for the authority that issued it."}},
	}, nil
}

// AddAuthority has an endpoint trust a second authority. What it does is announced before.
func (h *Endpoints) AddAuthority(c echo.Context) error {
	version, _ := strconv.Atoi(c.FormValue("version")) // 0 was never saved
	ca, ctx, by := vpn.CertificateID(c.FormValue("client_ca")), page.Context(c), page.Principal(c)
	if page.GoesBack(c) {
		return h.renderAuthorities(c, string(ca), nil)
	}
	what, err := h.endpoints.AnnounceTrust(ctx, by, endpointID(c), version, ca)
	consent := page.Consent(c)
	if err == nil {
		if consent.Announced == "" && what.Kind() != "" {
			return h.announceAuthority(c, what, nil)
		}
		var result endpoint.EditResult
		if result, err = h.endpoints.TrustAuthority(ctx, by, endpointID(c), version, ca, consent); errors.Is(err, vpn.ErrUnannounced) || vpn.FieldsOf(err)["confirm"] != "" {
			return h.announceAuthority(c, result.Did, err)
		}
	}
	if page.BelongsInForm(err) || err != nil && vpn.KindOf(err) == vpn.Stale {
		return h.renderAuthorities(c, string(ca), err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The endpoint trusts a second client authority.", views.EndpointPath(endpointID(c), authoritiesPath), page.Next{Label: "Issue a client certificate with it", Href: "/certificates/issue?use=client"})
}

func (h *Endpoints) announceAuthority(c echo.Context, what vpn.Announcement, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome: h.pages.Chrome(c, authoritiesTitle, "endpoints"), Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, ""), Title: "Add a second client authority"},
		Intro: "Clients with certificates of either authority get in. Configuration files that were handed out go on working.",
		What:  what, Action: views.EndpointPath(view.ID, authoritiesPath), Button: "Add client authority", Cancel: views.EndpointPath(view.ID, authoritiesPath),
		Back: true, Hidden: page.Typed(c),
	}, refused)
}

// RemoveAuthorityForm asks whether an endpoint shall trust one of its authorities no more, and names who is connected by it.
func (h *Endpoints) RemoveAuthorityForm(c echo.Context) error { return h.renderRemoveAuthority(c, nil) }

// toldField has the number of connections that the administrator was told of.
const toldField = "told"

func (h *Endpoints) renderRemoveAuthority(c echo.Context, refused error) error {
	preview, err := h.endpoints.DistrustPreview(page.Context(c), page.Principal(c), endpointID(c), vpn.CertificateID(c.Param("certificate")))
	if err != nil {
		return err
	}
	e := preview.Endpoint
	list := views.EndpointPath(e.ID, authoritiesPath)
	confirm := parts.Confirm{
		Crumbs: append(endpointCrumbs(e, ""), parts.Crumb{Label: authoritiesTitle, Href: list}),
		Title:  "Remove the client authority " + preview.Removed.Label + "?",
		Text: "Clients with its certificates are refused from then on; configuration files with them stop working. Those of " + preview.Left.Label +
			" go on working. The OpenVPN workers restart, one after the other: " + parts.Count(preview.Others, "other connection") + " will be reset for a moment and return.",
		People: connectedBy(preview),
		Facts:  []parts.Pair{parts.Fact("Logins by it", authorityUse(preview.Removed, 14))},
		Err:    page.Refusal(refused), Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(e.Version)}, {Name: toldField, Value: strconv.Itoa(preview.Ended)}},
		Action: list + "/" + string(preview.Removed.ID) + "/remove", Cancel: list, Button: "Remove client authority",
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, authoritiesTitle, "endpoints"), confirm))
}

func connectedBy(p endpoint.DistrustResult) string {
	if p.Ended == 0 {
		return "No client is connected with a certificate of it at this moment."
	}
	const shown = 20
	names := p.People
	more := ""
	if len(names) > shown {
		names, more = names[:shown], " and others"
	}
	return parts.Count(p.Ended, "connection") + " will end: " + strings.Join(names, ", ") + more + "."
}

// RemoveAuthority has an endpoint trust one of its authorities no more.
func (h *Endpoints) RemoveAuthority(c echo.Context) error {
	version, _ := strconv.Atoi(c.FormValue("version"))
	told, _ := strconv.Atoi(c.FormValue(toldField))
	done, err := h.endpoints.DistrustAuthority(page.Context(c), page.Principal(c), endpointID(c), version, vpn.CertificateID(c.Param("certificate")), told)
	if page.BelongsInForm(err) || errors.Is(err, vpn.ErrUnannounced) || err != nil && vpn.KindOf(err) == vpn.Stale {
		return h.renderRemoveAuthority(c, err)
	}
	if err != nil {
		return err
	}
	text := "The client authority " + done.Removed.Label + " was removed."
	if done.Ended > 0 {
		text += " " + parts.Count(done.Ended, "connection") + " will be terminated."
	}
	return h.pages.Done(c, text, views.EndpointPath(done.Endpoint.ID, authoritiesPath))
}
