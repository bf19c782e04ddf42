package vpn

import "testing"

func TestDescriptionEdits(t *testing.T) {
	t.Parallel()
	e := Endpoint{ID: "cvpn-endpoint-1", Generation: 3}
	leaving := Endpoint{ID: "cvpn-endpoint-1", Deleting: true}
	for name, c := range map[string]struct {
		e       Endpoint
		of      EndpointID
		removed uint64
		in      DescriptionEdit
		kind    Kind
		field   string
		want    string
	}{
		"another text":              {e: e, of: e.ID, in: DescriptionEdit{Was: "old", Description: " new "}, want: "new"},
		"none":                      {e: e, of: e.ID, in: DescriptionEdit{Was: "old"}, want: ""},
		"what another saved":        {e: e, of: e.ID, in: DescriptionEdit{Was: "older", Description: "old"}, want: "old"},
		"after another save":        {e: e, of: e.ID, in: DescriptionEdit{Was: "older", Description: "new"}, kind: Stale},
		"two lines":                 {e: e, of: e.ID, in: DescriptionEdit{Was: "old", Description: "a\nb"}, kind: Invalid, field: "description"},
		"two lines, after another":  {e: e, of: e.ID, in: DescriptionEdit{Was: "older", Description: "a\nb"}, kind: Stale, field: "description"},
		"of another endpoint":       {e: e, of: "cvpn-endpoint-2", in: DescriptionEdit{Was: "old", Description: "new"}, kind: NotFound},
		"while it is removed":       {e: e, of: e.ID, removed: 3, in: DescriptionEdit{Was: "old", Description: "new"}, kind: Conflict},
		"while the endpoint leaves": {e: leaving, of: e.ID, in: DescriptionEdit{Was: "old", Description: "new"}, kind: Conflict},
	} {
		rule := Rule{Endpoint: c.of, Description: "old", Generations: Generations{Removed: c.removed}}
		route := Route{Endpoint: c.of, Description: "old", Generations: Generations{Removed: c.removed}}
		for _, err := range []error{c.e.DescribeRule(&rule, c.in), c.e.DescribeRoute(&route, c.in)} {
			if (err == nil) != (c.kind == Internal) || err != nil && KindOf(err) != c.kind || c.field != "" && FieldsOf(err)[c.field] == "" {
				t.Errorf("%s: got %v", name, err)
			}
		}
		want := c.want
		if c.kind != Internal {
			want = "old"
		}
		if rule.Description != want || route.Description != want {
			t.Errorf("%s: the rule has %q, the route %q", name, rule.Description, route.Description)
		}
	}
}
