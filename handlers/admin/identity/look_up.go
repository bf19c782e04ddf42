package identity

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// LookUpForm asks for confirmation to apply a look-up of users that is held.
func (h *Directories) LookUpForm(c echo.Context) error { return h.renderLookUp(c, nil) }

func (h *Directories) renderLookUp(c echo.Context, refused error) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	p, _ := h.identity.LastPass(d.ID)
	if !p.Held && refused == nil {
		return h.pages.Done(c, "No look-up of directory "+d.Label()+" is held any more.", views.DirectoryPath(d.ID))
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Apply the look-up", "identity"), parts.Confirm{
		Crumbs: append(crumbs[:1:1], parts.Crumb{Label: views.NameOr(d.Name, d.ID), Href: views.DirectoryPath(d.ID)}),
		Title:  "Apply what directory " + views.NameOr(d.Name, d.ID) + " says now?",
		Text:   fmt.Sprintf("%d of the %d users with sessions are gone from the directory, or lost all their groups. If the directory or its service account is at fault, mend that instead: the next look-up then finds the users again.", p.Lost, p.Users),
		Losses: []string{"the sessions of users who are gone or disabled", "what the others reach by groups that they no longer have"}, Err: page.Refusal(refused),
		Action: views.DirectoryPath(d.ID, "look-up"), Cancel: views.DirectoryPath(d.ID), Button: "Apply the look-up",
	}))
}

// ConfirmLookUp has the next look-up of users take effect.
func (h *Directories) ConfirmLookUp(c echo.Context) error {
	id := directoryID(c)
	err := h.identity.ConfirmLoss(page.Context(c), page.Principal(c), id)
	if page.BelongsInForm(err) {
		return h.renderLookUp(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The next look-up of directory "+string(id)+" takes effect.", views.DirectoryPath(id))
}

// lookUp is what the page of a directory says of the last look-up of its users with sessions.
func (h *Directories) lookUp(id vpn.DirectoryID) (parts.Pair, *identity.Pass) {
	p, ok := h.identity.LastPass(id)
	label := "Users with sessions"
	switch {
	case !ok:
		return parts.Fact(label, "None"), nil
	case p.Failed != "":
		return parts.Fact(label, fmt.Sprintf("%d. They could not be looked up since %s: %s Their sessions go on.", p.Users, parts.At(h.pages.Now(), p.Since).Relative, p.Failed)), nil
	case p.Held:
		return parts.Fact(label, fmt.Sprintf("%d, looked up %s", p.Users, parts.At(h.pages.Now(), p.At).Relative)), &p
	}
	return parts.Fact(label, fmt.Sprintf("%d, looked up %s", p.Users, parts.At(h.pages.Now(), p.At).Relative)), nil
}
