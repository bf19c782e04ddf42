package page

import (
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// spareTagRows is how many empty rows a form has below its tags.
const spareTagRows = 3

// TagsOf pairs keys and values of a posted form, row by row.
func TagsOf(keys, values []string) []vpn.Tag {
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

// TagRows are the tags as typed, without empty rows but with new ones below.
func TagRows(keys, values []string) views.TagRows {
	var rows views.TagRows
	for _, t := range TagsOf(keys, values) {
		if t.Key != "" || t.Value != "" {
			rows.Rows = append(rows.Rows, views.Tag{Key: t.Key, Value: t.Value})
		}
	}
	for range min(spareTagRows, max(0, vpn.MaxTags-len(rows.Rows))) {
		rows.Rows = append(rows.Rows, views.Tag{})
	}
	return rows
}
