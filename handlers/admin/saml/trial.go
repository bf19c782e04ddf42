package saml

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Test begins a test sign-in, and leads to its page.
func (h *Providers) Test(c echo.Context) error {
	id := providerID(c)
	t, err := h.identity.BeginTrial(page.Context(c), page.Principal(c), id)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.SAMLProviderPath(id, "test", t.ID()))
}

// Trial shows a test sign-in: the link, and what came of it.
func (h *Providers) Trial(c echo.Context) error {
	endpoint := vpn.EndpointID(c.QueryParam("endpoint"))
	t, err := h.identity.SAMLTrial(page.Context(c), page.Principal(c), providerID(c), c.Param("trial"), endpoint)
	if err != nil {
		return err
	}
	p := t.Provider
	now := h.pages.Now()
	v := views.SAMLTrialPage{
		Chrome: h.pages.Chrome(c, "Test sign-in", "identity"), Header: parts.Header{Crumbs: below(p), Title: "Test sign-in", Note: "By " + t.By + ", " + parts.At(now, t.CreatedAt).Relative + "."},
		Provider: p, Link: t.Link, Minutes: int(vpn.SAMLTrialTime / time.Minute), Result: t.Result,
	}
	if t.Result != nil {
		h.fill(&v, t, endpoint)
	}
	v.Live = page.Live(c, "trial", page.RenewOften, t.Link, t.Result != nil, endpoint)
	return page.RenderLive(c, v.Live, views.SAMLTrial(v))
}

// fill adds what came of the test.
func (h *Providers) fill(v *views.SAMLTrialPage, t identity.SAMLTrial, endpoint vpn.EndpointID) {
	r, now := t.Result, h.pages.Now()
	seen := r.Seen
	v.Facts = []parts.Pair{{Label: "NameID", Value: seen.NameID, Mono: true, Help: seen.NameIDFormat}}
	if r.Refused == "" {
		v.Facts = append(v.Facts,
			parts.Fact("Name in lists", r.User.Name),
			parts.Fact("E-mail address", r.User.Mail),
			parts.Pair{Label: "Groups that count", Value: groupNames(r.User.Groups), Wide: len(r.User.Groups) > 3},
		)
	}
	v.Facts = append(v.Facts,
		clock(seen),
		parts.Fact("Signed", strings.Join(seen.Signed, " and ")),
		signer(seen, now),
		parts.Fact("Size of the answer", parts.Bytes(uint64(max(0, seen.Size)))),
		parts.Fact("Received", parts.At(now, r.At).Exact),
	)
	for _, e := range t.Provider.Metadata.Expiries(now) {
		v.Warnings = append(v.Warnings, e.Sentence())
	}
	v.Warnings = append(v.Warnings, seen.Notes...)
	if r.Refused == "" && len(r.User.Groups) == 0 {
		v.Warnings = append(v.Warnings, noGroups(t.Provider.GroupAttribute, seen.Attributes))
	}
	if r.Refused == "" {
		v.Groups, v.RuleHelp = h.groups(r.User.Groups, t, endpoint)
	}
	v.Access.Access, v.Access.Names = t.Access, map[string]string{}
	v.Through = parts.Field{Name: "endpoint", Label: "Endpoint", Type: "select", Value: string(endpoint), Options: []parts.Option{{Label: "All endpoints of the provider"}}}
	for _, e := range t.Endpoints {
		v.Through.Options = append(v.Through.Options, parts.Option{Value: string(e.ID), Label: e.Label()})
	}
}

// groups are the groups of a user, each with the form that grants access to it at the chosen endpoint, or the only one of the
// provider. help says why there is none.
func (h *Providers) groups(of []vpn.Group, t identity.SAMLTrial, chosen vpn.EndpointID) (rows []views.TrialGroup, help string) {
	at := slices.IndexFunc(t.Endpoints, func(e vpn.EndpointRef) bool { return e.ID == chosen || len(t.Endpoints) == 1 })
	switch {
	case !t.Used:
		help = "No endpoint uses this provider yet. Rules for these groups are added at an endpoint that does."
	case at < 0:
		help = "Choose an endpoint below to add a rule for one of these groups."
	default:
		help = "A rule for one of these groups at endpoint " + t.Endpoints[at].Label() + ":"
	}
	for _, g := range of {
		row := views.TrialGroup{ID: g.ID, Name: g.Name}
		if t.Used && at >= 0 {
			row.Rule = views.RuleForGroupPath(t.Endpoints[at].ID, g.ID)
		}
		rows = append(rows, row)
	}
	return rows, help
}

// groupNames are the groups that count, by name.
func groupNames(groups []vpn.Group) string {
	if len(groups) == 0 {
		return "0"
	}
	return parts.Number(len(groups)) + ": " + strings.Join(vpn.IDsOf(groups, func(g vpn.Group) string { return views.NameOr(g.Name, g.ID) }), ", ")
}

// clock is the difference of the clocks in words.
func clock(seen vpn.SAMLTrace) parts.Pair {
	if seen.Issued.IsZero() {
		return parts.Fact("Clock of the IdP", "")
	}
	d := seen.ClockDifference().Round(time.Second)
	text := "no difference"
	switch {
	case d > 0:
		text = d.String() + " ahead of ours"
	case d < 0:
		text = (-d).String() + " behind ours"
	}
	return parts.Pair{Label: "Clock of the IdP", Value: text, Help: "With the way of the answer through the browser. At most a minute is borne."}
}

// signer is the certificate that the answer names.
func signer(seen vpn.SAMLTrace, now time.Time) parts.Pair {
	if seen.Signer.Fingerprint == "" {
		return parts.Fact("Signer", "The answer names no certificate")
	}
	help := parts.YesNo(seen.SignerKnown, "It is in the metadata of the provider.", "It is not in the stored metadata: get new metadata from the IdP, then modify the provider.")
	return parts.Pair{Label: "Signer", Value: seen.Signer.Fingerprint, Mono: true,
		Help: seen.Signer.Subject + ", valid until " + views.Date(seen.Signer.NotAfter) + ", " + parts.At(now, seen.Signer.NotAfter).Relative + ". " + help}
}

// noGroups says why no group counts.
func noGroups(attribute string, seen []vpn.SAMLAttribute) string {
	text := "The answer has no groups: rules for access groups let this user reach nothing. The group attribute is " + attribute + "."
	similar := slices.IndexFunc(seen, func(a vpn.SAMLAttribute) bool {
		return strings.EqualFold(a.Name, attribute) || strings.Contains(strings.ToLower(a.Name+a.FriendlyName), "group") || strings.Contains(strings.ToLower(a.Name+a.FriendlyName), "memberof")
	})
	if similar >= 0 {
		text += " The answer has " + seen[similar].Name + ": is that it? Names are case-sensitive."
	}
	return text
}
