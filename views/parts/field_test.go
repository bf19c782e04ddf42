package parts

import (
	"maps"
	"testing"
)

// What another administrator saved is shown beside each field that differs, as the person sees it.
func TestSavedBefore(t *testing.T) {
	t.Parallel()
	choices := []Option{{Label: "none"}, {Value: "a", Label: "Alpha"}}
	mine := Form{Fields: []Field{{Name: "text", Value: "mine"}, {Name: "same", Value: "x"}, {Name: "empty", Value: "x"}, {Name: "box", Type: "checkbox", Checked: true}, {Name: "list", Options: choices}, {Type: "fact", Value: "1"}}}
	saved := []Field{{Name: "text", Value: "other"}, {Name: "same", Value: "x"}, {Name: "empty"}, {Name: "box", Type: "checkbox"}, {Name: "list", Value: "a", Options: choices}, {Type: "fact", Value: "2"}}
	want := map[string]string{
		"text": "Another administrator saved: “other”.", "empty": "Another administrator saved: nothing.",
		"box": "Another administrator saved: not ticked.", "list": "Another administrator saved: “Alpha”.",
	}
	if got := mine.SavedBefore(saved); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
