package endpoint_test

import (
	"strings"
	"testing"

	"sallyport/vpn"
)

// The description of a rule and of a route, an automatic one included, is changed without a word to the dataplane.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	rule := s.Authorize("10.0.0.0/16")
	s.Reconcile()
	generation := s.View().Generation
	page, err := s.Endpoints.Routes(ctx, s.Admin, id, vpn.List{})
	s.Must(err)
	route := page.Items[0]

	got, err := s.Endpoints.DescribeRule(ctx, s.Admin, id, rule.ID, vpn.DescriptionEdit{Description: "the office"})
	s.Must(err)
	stored, err := s.Endpoints.Rule(ctx, s.Admin, id, rule.ID)
	if err != nil || got.Description != "the office" || stored.Description != "the office" || stored.State != vpn.RuleActive {
		t.Errorf("stored %+v, %v", stored, err)
	}
	if r := s.LastAudit(); r.Action != vpn.ModifyClientVpnIngress || r.Subject != string(id) || !strings.Contains(r.After, "the office") || strings.Contains(r.Before, "the office") {
		t.Errorf("the record is %+v", r)
	}
	_, err = s.Endpoints.DescribeRoute(ctx, s.Admin, id, route.ID, vpn.DescriptionEdit{Was: route.Description, Description: "all of the office"})
	s.Must(err)
	again, err := s.Endpoints.Route(ctx, s.Admin, id, route.ID)
	if err != nil || again.Description != "all of the office" || again.State != vpn.RouteActive || s.View().Generation != generation {
		t.Errorf("stored %+v, %v, generation %d", again, err, s.View().Generation)
	}
	if r := s.LastAudit(); r.Action != vpn.ModifyClientVpnRoute {
		t.Errorf("the record is %+v", r)
	}
	s.WantRefusal("after another save", vpn.Stale, "changed this route", func() error {
		_, err := s.Endpoints.DescribeRoute(ctx, s.Admin, id, route.ID, vpn.DescriptionEdit{Was: route.Description, Description: "x"})
		return err
	})
	s.WantBadInput("two lines", "description", func() error {
		_, err := s.Endpoints.DescribeRule(ctx, s.Admin, id, rule.ID, vpn.DescriptionEdit{Was: "the office", Description: "a\nb"})
		return err
	})
	s.WantRefusal("no such rule", vpn.NotFound, "no authorization rule", func() error {
		_, err := s.Endpoints.DescribeRule(ctx, s.Admin, id, vpn.NewRuleID(), vpn.DescriptionEdit{})
		return err
	})
	_, err = s.Endpoints.DescribeRule(ctx, s.ReadOnly, id, rule.ID, vpn.DescriptionEdit{Was: "the office"})
	s.WantKind("a read-only account", err, vpn.Denied, "")
}
