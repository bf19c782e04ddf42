package endpoint

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// descriptionInput is the description of a rule or a route as typed, with the one that the form was filled with.
type descriptionInput struct {
	Was         string `form:"was"`
	Description string `form:"description"`
}

func (in descriptionInput) edit() vpn.DescriptionEdit {
	return vpn.DescriptionEdit{Was: in.Was, Description: in.Description}
}

// descriptionForm has the description below facts that cannot be changed. typed is nil where nothing was typed yet.
func descriptionForm(typed *descriptionInput, stored string, refused error, submit, cancel string, facts ...parts.Field) parts.Form {
	in := descriptionInput{Was: stored, Description: stored}
	if typed != nil {
		in = *typed
	}
	field := parts.Field{Name: "description", Label: "Description", Value: in.Description, Autocomplete: "off", Focus: true}
	f := parts.Form{Submit: submit, Cancel: cancel, Fields: append(facts, field)}
	if refused != nil && vpn.KindOf(refused) == vpn.Stale {
		in.Was = stored // the page now shows what the next save replaces
		saved := field
		saved.Value = stored
		page.FailStale(&f, refused, []parts.Field{saved})
	} else {
		page.Fail(&f, refused)
	}
	f.Hidden = []parts.Hidden{{Name: "was", Value: in.Was}}
	return f
}

// renderDescription answers with the form: 409 where another administrator saved first.
func renderDescription(c echo.Context, refused error, v views.FormPage) error {
	if refused != nil && vpn.KindOf(refused) == vpn.Stale {
		return page.Render(c, http.StatusConflict, views.Form(v))
	}
	return page.RenderForm(c, refused, views.Form(v))
}
