package page

import (
	"fmt"
	"slices"
	"strconv"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// TagInput is the tags of a posted form, row by row.
type TagInput struct {
	Keys   []string `form:"tag_key"`
	Values []string `form:"tag_value"`
	Rows   string   `form:"tag_rows"` // the button that was pressed: see parts.TagRowsName; empty: another one

	focus      int
	rearranged bool
}

// TagsTyped is the input as it shows stored tags.
func TagsTyped(tags []vpn.Tag) TagInput {
	var in TagInput
	for _, t := range tags {
		in.Keys, in.Values = append(in.Keys, t.Key), append(in.Values, t.Value)
	}
	return in
}

// Tags pairs keys and values.
func (in TagInput) Tags() []vpn.Tag {
	var out []vpn.Tag
	for i, k := range in.Keys {
		t := vpn.Tag{Key: k}
		if i < len(in.Values) {
			t.Value = in.Values[i]
		}
		out = append(out, t)
	}
	return out
}

// Rearrange adds or removes a row, if the form was posted for that: then it is shown again and nothing is saved.
func (in *TagInput) Rearrange() bool {
	if in.Rows == "" {
		return false
	}
	tags := in.Tags()
	if n, err := strconv.Atoi(in.Rows); err == nil && n >= 1 && n <= len(tags) {
		tags = slices.Delete(tags, n-1, n)
	} else if in.Rows == parts.TagRowsAdd && len(tags) < vpn.MaxTags {
		tags = append(tags, vpn.Tag{})
	}
	*in = TagsTyped(tags)
	in.focus, in.rearranged = len(tags), true
	return true
}

// Rearranged tells whether the form is shown again because of its rows: the user goes on there.
func (in TagInput) Rearranged() bool { return in.rearranged }

var tagsHelp = fmt.Sprintf("Keys and values of your choice, to find and filter by: up to %d tags, a key of up to %d characters, a value of up to %d. A row without a key and a value is ignored.",
	vpn.MaxTags, vpn.MaxTagKey, vpn.MaxTagValue)

// Field is the control of the tags.
func (in TagInput) Field() parts.Field {
	f := parts.Field{Name: "tags", Type: "tags", Label: "Tags", Section: "Tags",
		Help: tagsHelp,
		Tags: parts.TagRows{Full: len(in.Keys) >= vpn.MaxTags, Focus: in.focus}}
	for _, t := range in.Tags() {
		f.Tags.Rows = append(f.Tags.Rows, parts.Tag{Key: t.Key, Value: t.Value})
	}
	return f
}
