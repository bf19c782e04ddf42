package admin

import (
	"strconv"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// spareTagRows is how many empty rows a form offers below the tags that are there.
const spareTagRows = 3

// tagsOf pairs keys and values as the form sends them, row by row.
func tagsOf(keys, values []string) []vpn.Tag {
	var out []vpn.Tag
	for i, k := range keys {
		t := vpn.Tag{Key: k}
		if i < len(values) {
			t.Value = values[i]
		}
		out = append(out, t)
	}
	return out
}

// tagRows gives back what was typed, without its empty rows but with new ones for more.
func tagRows(keys, values []string) views.TagRows {
	var rows views.TagRows
	for _, t := range tagsOf(keys, values) {
		if t.Key != "" || t.Value != "" {
			rows.Rows = append(rows.Rows, views.Tag{Key: t.Key, Value: t.Value})
		}
	}
	for range min(spareTagRows, max(0, vpn.MaxTags-len(rows.Rows))) {
		rows.Rows = append(rows.Rows, views.Tag{})
	}
	return rows
}

type tagsInput struct {
	Version   string   `form:"version"`
	TagKeys   []string `form:"tag_key"`
	TagValues []string `form:"tag_value"`
}

func (h *Console) drawTags(c echo.Context, in *tagsInput, refused error) error {
	f, view, err := h.endpointFrame(c, "tags")
	if err != nil {
		return err
	}
	if in == nil {
		in = &tagsInput{}
		for _, t := range view.Tags {
			in.TagKeys, in.TagValues = append(in.TagKeys, t.Key), append(in.TagValues, t.Value)
		}
	}
	rows := tagRows(in.TagKeys, in.TagValues)
	rows.Disabled = !f.MayChange()
	// The version is always the newest: after a lost race, saving again goes on top of what the
	// other one saved, and that is shown.
	form := parts.Form{
		Action: views.EndpointPath(view.ID, "tags"), Submit: "Save tags",
		Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(view.Version)}},
	}
	if refused != nil {
		fail(&form, refused)
		rows.Err = vpn.FieldsOf(refused)["tags"]
	}
	if vpn.KindOf(refused) == vpn.Stale && refused != nil {
		rows.Err = "Another administrator saved other tags meanwhile: " + describeTags(view.Tags) + ". Save again to replace them with the tags below."
	}
	return renderForm(c, refused, views.EndpointTagsPage(f, form, rows))
}

func describeTags(tags []vpn.Tag) string {
	if len(tags) == 0 {
		return "no tags"
	}
	return views.Tags(tags)
}

// EndpointTags shows the Tags tab.
func (h *Console) EndpointTags(c echo.Context) error { return h.drawTags(c, nil, nil) }

// EndpointTagsSave replaces the tags.
func (h *Console) EndpointTagsSave(c echo.Context) error {
	var in tagsInput
	if err := bind(c, &in); err != nil {
		return err
	}
	version, _ := strconv.Atoi(in.Version) // no number is no version that was ever saved
	_, err := h.endpoints.SaveEndpointTags(ctx(c), principal(c), endpointID(c), version, tagsOf(in.TagKeys, in.TagValues))
	if belongsInForm(err) {
		return h.drawTags(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Tags saved.", views.EndpointPath(endpointID(c), "tags"))
}
