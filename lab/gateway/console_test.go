package gateway

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

const formPage = `<form>
	<input type="hidden" name="version" value="3">
	<label for="name">Name</label><input id="name" name="name" value="office">
	<label for="zone">Zone <span>– optional</span></label><select id="zone" name="zone"><option value="a">zone-a (here)</option><option value="b" selected>zone-b</option></select>
	<label><input type="radio" name="use" value="server" checked><span class="form-check-label">Server certificate</span><span>help</span></label>
	<label><input type="radio" name="use" value="client"><span class="form-check-label">Client certificate</span></label>
	<input name="tag" aria-label="Key of tag 1">
	<label><input type="checkbox" name="subnet" value="a" checked><span class="form-check-label">subnet-a</span></label>
	<label><input type="checkbox" name="subnet" value="b" checked><span class="form-check-label">subnet-b</span></label>
	<label><input type="checkbox" name="subnet" value="c"><span class="form-check-label">subnet-c</span></label>
</form>`

// A form is sent with what it shows, and with the values that a test gives by label.
func TestFormValues(t *testing.T) {
	t.Parallel()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(formPage))
	if err != nil {
		t.Fatal(err)
	}
	form := doc.Find("form")
	values := formDefaults(form)
	if want := (url.Values{"version": {"3"}, "name": {"office"}, "zone": {"b"}, "use": {"server"}, "tag": {""}, "subnet": {"a", "b"}}); !maps.EqualFunc(values, want, equal) {
		t.Errorf("the form is sent with %v, want %v", values, want)
	}
	for label, value := range (Fields{"Name": "branch", "Zone": "zone-a", "Client certificate": "", "Key of tag 1": "team", "subnet-a": "off", "subnet-b": "on", "subnet-c": "on"}) {
		if err := fillField(form, values, label, value); err != nil {
			t.Error(err)
		}
	}
	if want := (url.Values{"version": {"3"}, "name": {"branch"}, "zone": {"a"}, "use": {"client"}, "tag": {"team"}, "subnet": {"b", "c"}}); !maps.EqualFunc(values, want, equal) {
		t.Errorf("the filled form is sent with %v, want %v", values, want)
	}
	for label, value := range map[string]string{"Colour": "red", "Zone": "zone-c"} {
		if fillField(form, values, label, value) == nil {
			t.Errorf("the form takes %q for %q", value, label)
		}
	}
}

// equal compares the values of a field; the boxes of one name are ticked in any order.
func equal(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
