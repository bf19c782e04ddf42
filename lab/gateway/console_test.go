package gateway

import (
	"maps"
	"net/url"
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
	if want := (url.Values{"version": {"3"}, "name": {"office"}, "zone": {"b"}, "use": {"server"}, "tag": {""}}); !maps.EqualFunc(values, want, equal) {
		t.Errorf("the form is sent with %v, want %v", values, want)
	}
	for label, value := range (Fields{"Name": "branch", "Zone": "zone-a", "Client certificate": "", "Key of tag 1": "team"}) {
		if err := fillField(form, values, label, value); err != nil {
			t.Error(err)
		}
	}
	if want := (url.Values{"version": {"3"}, "name": {"branch"}, "zone": {"a"}, "use": {"client"}, "tag": {"team"}}); !maps.EqualFunc(values, want, equal) {
		t.Errorf("the filled form is sent with %v, want %v", values, want)
	}
	for label, value := range map[string]string{"Colour": "red", "Zone": "zone-c"} {
		if fillField(form, values, label, value) == nil {
			t.Errorf("the form takes %q for %q", value, label)
		}
	}
}

func equal(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }
