package saml

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Providers) renderEdit(c echo.Context, typed *providerInput, refused error) error {
	v, err := h.identity.SAMLProvider(page.Context(c), page.Principal(c), providerID(c))
	if err != nil {
		return err
	}
	in := inputOf(v.SAMLProvider)
	saved := in
	if typed != nil {
		in = *typed
	}
	status := http.StatusOK
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	shown := refused
	if stale {
		in.Version, shown = saved.Version, nil // the page now shows what the next save replaces
	}
	form := in.form(&v.SAMLProvider, shown)
	form.Action, form.Submit, form.Cancel = views.SAMLProviderPath(v.ID, "edit"), "Modify SAML provider", views.SAMLProviderPath(v.ID)
	switch {
	case stale:
		status = http.StatusConflict
		page.FailStale(&form, refused, saved.fields(&v.SAMLProvider))
	case refused != nil:
		status = http.StatusUnprocessableEntity
	}
	return page.Render(c, status, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Modify SAML provider", "identity"), Form: form, Notice: h.unserved(),
		Header: parts.Header{Crumbs: below(v.SAMLProvider), Title: "Modify SAML provider"},
	}))
}

// EditForm shows the form that modifies a provider.
func (h *Providers) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// seenField tells that the differences of a modification were shown.
const seenField = "seen_changes"

// Edit modifies a provider, after its differences were shown.
func (h *Providers) Edit(c echo.Context) error {
	var in providerInput
	if err := in.read(c); err != nil {
		return err
	}
	if page.GoesBack(c) {
		return h.renderEdit(c, &in, nil)
	}
	if in.unread != nil {
		return h.renderEdit(c, &in, in.unread)
	}
	e, err := h.identity.AnnounceSAMLEdit(page.Context(c), page.Principal(c), providerID(c), in.spec())
	if err == nil && c.FormValue(seenField) == "" && needsLook(e) {
		return h.renderChanges(c, in, e)
	}
	var p vpn.SAMLProvider
	if err == nil {
		spec := in.spec()
		spec.Document, spec.Fetch = e.Document, false
		p, err = h.identity.EditSAMLProvider(page.Context(c), page.Principal(c), providerID(c), spec)
	}
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "SAML provider "+views.NameOr(p.Name, p.ID)+" modified.", views.SAMLProviderPath(p.ID), page.Next{Label: "Test a sign-in", Href: views.SAMLProviderPath(p.ID) + "#test"})
}

// needsLook tells whether an edit changes anything but the name.
func needsLook(e identity.SAMLEdit) bool {
	return e.Before.SAMLProviderOptions != e.After.SAMLProviderOptions || len(e.Before.Metadata.DifferencesTo(e.After.Metadata)) > 0
}

// renderChanges shows what an edit changes. Its form carries the document that was shown, so that nothing else is saved.
func (h *Providers) renderChanges(c echo.Context, in providerInput, e identity.SAMLEdit) error {
	before := inputOf(e.Before)
	after := inputOf(e.After)
	changes := parts.Changes(before.fields(&e.Before), after.fields(&e.After))
	for _, d := range e.Before.Metadata.DifferencesTo(e.After.Metadata) {
		changes = append(changes, parts.Change{Label: d.Label, Was: d.Was, Is: d.Is})
	}
	hidden := []parts.Hidden{
		{Name: "version", Value: in.Version}, {Name: "name", Value: in.Name}, {Name: "metadata", Value: e.Document}, {Name: "metadata_url", Value: in.MetadataURL},
		{Name: "group_attribute", Value: in.GroupAttribute}, {Name: "name_attribute", Value: in.NameAttribute}, {Name: "mail_attribute", Value: in.MailAttribute},
		{Name: "sign_requests", Value: in.SignRequests}, {Name: seenField, Value: "yes"},
	}
	return page.Render(c, http.StatusOK, views.SAMLChanges(views.SAMLChangesPage{
		Chrome: h.pages.Chrome(c, "Modify SAML provider", "identity"),
		Header: parts.Header{Crumbs: below(e.Before), Title: "Modify SAML provider " + views.NameOr(e.Before.Name, e.Before.ID)},
		Action: views.SAMLProviderPath(e.Before.ID, "edit"), Cancel: views.SAMLProviderPath(e.Before.ID), Hidden: hidden, Changes: changes, Effects: effects(e),
	}))
}

// effects say what an edit does.
func effects(e identity.SAMLEdit) []string {
	var out []string
	was, is := e.Before, e.After
	if was.Metadata.EntityID != is.Metadata.EntityID {
		out = append(out, "This is another identity provider. Its users with a NameID that a user here has are taken for that user.")
	}
	if was.Metadata.EntityID != is.Metadata.EntityID || len(was.Metadata.DifferencesTo(is.Metadata)) > 0 {
		out = append(out, "Sign-ins use the new metadata at once. Answers that were signed with a certificate that is no longer there are refused.")
	}
	if was.GroupAttribute != is.GroupAttribute || was.NameAttribute != is.NameAttribute || was.MailAttribute != is.MailAttribute {
		out = append(out, "Users get their new groups, names and addresses at their next sign-in.")
	}
	if !was.SignRequests && is.SignRequests {
		out = append(out, "Requests are signed at once. Have the identity provider read our metadata again: it has the certificate.")
	}
	switch n := len(e.Used); {
	case n == 0:
		out = append(out, "No endpoint uses this provider.")
	case e.People == 0:
		out = append(out, parts.Count(n, "endpoint")+" "+parts.YesNo(n == 1, "uses", "use")+" this provider. No user is connected there now.")
	default:
		out = append(out, parts.Count(n, "endpoint")+" "+parts.YesNo(n == 1, "uses", "use")+" this provider. "+strconv.Itoa(e.People)+" "+parts.YesNo(e.People == 1, "user is", "users are")+" connected there now: their sessions go on.")
	}
	return out
}
