package web_test

import (
	"net/http"
	"path"
	"testing"

	"sallyport/web/webtest"
)

// Every list that is empty says so, and leads an administrator to what to do next; a read-only account is not led to a form.
func TestEmptyListsLeadOn(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	lists := []string{
		"/endpoints", "/networks", "/certificates", "/certificates?use=authority", "/certificates?use=server", "/certificates?use=client", "/certificates/blocked", "/devices", "/users", "/users/groups",
		"/connections", "/connections?view=ended", "/connections?view=refused", "/identity-providers/directories", "/identity-providers/saml", "/self-service-portal/downloads",
	}
	u := webtest.NewEndpoint(t)
	var below []string
	for _, tab := range []string{"/associations", "/rules", "/routes", "/connections", "/connections?view=ended", "/connections?view=refused"} {
		below = append(below, u.Endpoint+tab)
	}
	below = append(below, u.Admin.Create("/networks/new", map[string][]string{"name": {"empty"}, "cidrs": {"10.9.0.0/16"}}), u.Authority+"/revocation-list")
	lone := u.Admin.Create("/certificates/authority/new", map[string][]string{"common_name": {"Lone CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	below = append(below, "/certificates?authority="+path.Base(lone))
	for _, console := range []struct {
		site  *webtest.Site
		lists []string
	}{{s, lists}, {u.Site, below}} {
		admin, reader := console.site.SignIn(t, webtest.Administrator), console.site.SignIn(t, webtest.ReadOnly)
		for _, list := range console.lists {
			p := admin.Get(list).WantStatus(http.StatusOK)
			empty := p.Doc.Find(".empty")
			if empty.Length() == 0 {
				t.Errorf("%s does not say that it is empty: %s", list, p.Text("main"))
				continue
			}
			next, there := empty.Find("a").First().Attr("href")
			if !there {
				t.Errorf("%s says %q and leads nowhere", list, empty.Text())
				continue
			}
			admin.Get(next).WantStatus(http.StatusOK)
			if next, there := reader.Get(list).WantStatus(http.StatusOK).Doc.Find(".empty a").First().Attr("href"); there {
				reader.Get(next).WantStatus(http.StatusOK)
			}
		}
	}
}
