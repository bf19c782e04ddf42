package endpoint_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/web/webtest"
)

// The forms of an endpoint's parts have sections, keep what was typed, and choose what there is one of.
func TestFormsOfTheParts(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	for _, c := range []struct {
		part, sections string
		typed          url.Values
	}{
		{"/associations/new", "Target network", url.Values{"subnet": {"subnet-gone"}}},
		{"/rules/new", "DestinationAccessDetails", url.Values{"destination": {"10.0.0.1/8"}, "description": {"all of it"}}},
		{"/routes/new", "DestinationTarget networkDetails", url.Values{"destination": {"10.0.0.1/8"}, "target": {"local"}, "description": {"all of it"}}},
	} {
		p := u.Admin.Get(u.Endpoint + c.part)
		webtest.CheckMarkup(t, c.part, p)
		if got := p.Text(".form-section-title"); got != c.sections {
			t.Errorf("%s has the sections %q, want %q", c.part, got, c.sections)
		}
		p = u.Admin.Post(u.Endpoint+c.part, c.typed).WantStatus(http.StatusUnprocessableEntity)
		for field := range c.typed {
			if field != "subnet" || c.part != "/associations/new" { // a subnet that does not exist cannot be shown as chosen
				p.WantValue(field, c.typed.Get(field))
			}
		}
	}
	u.Admin.Get(u.Endpoint+"/associations/new").WantValue("subnet", "") // there are two
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneA}})
	u.Admin.Get(u.Endpoint+"/associations/new").WantValue("subnet", u.ZoneB)
	u.Admin.Get(u.Endpoint+"/routes/new").WantValue("subnet", u.ZoneA)
}
