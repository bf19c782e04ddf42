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
	Version   string   `form:"version"`
	TagKeys   []string `form:"tag_key"`
	TagValues []string `form:"tag_value"`
}

func (h *Endpoints) renderTags(c echo.Context, in *tagsInput, refused error) error {
	f, view, err := h.frame(c, "tags")
	if err != nil {
		return err
	}
	if in == nil {
		in = &tagsInput{}
		for _, t := range view.Tags {
			in.TagKeys, in.TagValues = append(in.TagKeys, t.Key), append(in.TagValues, t.Value)
		}
	}
	rows := page.TagRows(in.TagKeys, in.TagValues)
	rows.Disabled = !f.MayChange()
	// The version is always the stored one: if another administrator saved first, their tags are shown,
	// and saving again replaces them.
	form := parts.Form{
		Action: views.EndpointPath(view.ID, "tags"), Submit: "Save tags",
		Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(view.Version)}},
	}
	if refused != nil {
		page.Fail(&form, refused)
		rows.Err = vpn.FieldsOf(refused)["tags"]
	}
	if vpn.KindOf(refused) == vpn.Stale && refused != nil {
		rows.Err = "Another administrator saved other tags meanwhile: " + describeTags(view.Tags) + ". Save again to replace them with the tags below."
	}
	return page.RenderForm(c, refused, views.EndpointTagsPage(f, form, rows))
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
	version, _ := strconv.Atoi(in.Version) // text that is no number is a version that was never saved
	_, err := h.endpoints.SaveEndpointTags(page.Context(c), page.Principal(c), endpointID(c), version, page.TagsOf(in.TagKeys, in.TagValues))
	if page.BelongsInForm(err) {
		return h.renderTags(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Tags saved.", views.EndpointPath(endpointID(c), "tags"))
}
