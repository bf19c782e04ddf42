package endpoint

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type tagsInput struct {
	Version string `form:"version"`
	page.TagInput
}

func (h *Endpoints) renderTags(c echo.Context, in *tagsInput, refused error) error {
	f, view, err := h.frame(c, "tags")
	if err != nil {
		return err
	}
	if in == nil {
		in = &tagsInput{TagInput: page.TagsTyped(view.Tags)}
	}
	// The version is always the stored one: if another administrator saved first, their tags are shown,
	// and saving again replaces them.
	field := in.Field()
	field.Section, field.Disabled = "", !f.MayChange()
	form := parts.Form{
		Action: views.EndpointPath(view.ID, "tags"),
		Fields: []parts.Field{field},
		Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(view.Version)}},
	}
	if f.MayChange() {
		form.Submit = "Save tags"
	}
	if refused != nil {
		page.Fail(&form, refused)
	}
	if vpn.KindOf(refused) == vpn.Stale && refused != nil {
		form.Fields[0].Err = "Another administrator saved other tags meanwhile: " + describeTags(view.Tags) + ". Save again to replace them with the tags below."
	}
	return page.RenderForm(c, refused, views.EndpointTagsPage(f, form))
}

func describeTags(tags []vpn.Tag) string {
	if len(tags) == 0 {
		return "no tags"
	}
	return views.Tags(tags)
}

// Tags shows the Tags tab.
func (h *Endpoints) Tags(c echo.Context) error { return h.renderTags(c, nil, nil) }

// SaveTags replaces the tags.
func (h *Endpoints) SaveTags(c echo.Context) error {
	var in tagsInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Rearrange() {
		return h.renderTags(c, &in, nil)
	}
	version, _ := strconv.Atoi(in.Version) // text that is no number is a version that was never saved
	_, err := h.endpoints.SaveEndpointTags(page.Context(c), page.Principal(c), endpointID(c), version, in.Tags())
	if page.BelongsInForm(err) {
		return h.renderTags(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Tags saved.", views.EndpointPath(endpointID(c), "tags"))
}
