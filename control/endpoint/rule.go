package endpoint

import (
	"context"
	"net/netip"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Rules lists an endpoint's authorization rules. A search for an address or a CIDR finds the rules whose destination contains it or lies
// inside it, with what each of them has to say: the deciding ones first.
func (s *Service) Rules(ctx context.Context, by control.Principal, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.RuleStatus], error) {
	var out vpn.Page[vpn.RuleStatus]
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnAuthorizationRules, string(id), func(tx *store.Tx) error {
		observed, err := s.core.Observations(ctx, tx, id)
		if err != nil {
			return err
		}
		asked, byAddress := vpn.SearchedRange(l.Search)
		page := vpn.Page[vpn.Rule]{}
		if inMemory(l) || byAddress {
			page.Items, err = tx.RulesOf(ctx, id)
		} else {
			page, err = tx.Rules(ctx, id, l)
		}
		if err != nil {
			return err
		}
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		routes, err := tx.RoutesOf(ctx, id)
		if err != nil {
			return err
		}
		associations, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		warnings := vpn.Warnings(e, page.Items, associations, routes)
		out = vpn.MapPage(page, func(r vpn.Rule) vpn.RuleStatus {
			status := r.Status(observed[id])
			status.Warning = warnings[r.ID]
			return status
		})
		if err := nameGroups(ctx, tx, e, out.Items); err != nil {
			return err
		}
		switch {
		case byAddress:
			out = selectByAddress(out.Items, l, asked)
		case inMemory(l):
			out = vpn.Select(out.Items, l, ruleFields)
		}
		return nil
	})
	return out, err
}

// selectByAddress gives the page of rules that have to do with a range.
func selectByAddress(rules []vpn.RuleStatus, l vpn.List, asked netip.Prefix) vpn.Page[vpn.RuleStatus] {
	plain := make([]vpn.Rule, len(rules))
	for i, r := range rules {
		plain[i] = r.Rule
	}
	matches := vpn.MatchRules(plain, asked)
	var found []vpn.RuleStatus
	for _, r := range rules {
		if match, ok := matches[r.ID]; ok {
			r.Match = match
			found = append(found, r)
		}
	}
	if l.Search = ""; l.Sort == "" {
		l.Sort = "match"
	}
	return vpn.Select(found, l, ruleFields)
}

// Rule gives one authorization rule of an endpoint.
func (s *Service) Rule(ctx context.Context, by control.Principal, id vpn.EndpointID, rule vpn.RuleID) (vpn.RuleStatus, error) {
	var out vpn.RuleStatus
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnAuthorizationRules, string(id), func(tx *store.Tx) error {
		r, err := tx.Rule(ctx, rule)
		if err != nil {
			return err
		}
		if r.Endpoint != id {
			return vpn.NoSuch(vpn.CodeRuleNotFound, "authorization rule", string(rule))
		}
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		observed, err := s.core.Observations(ctx, tx, id)
		if err != nil {
			return err
		}
		one := []vpn.RuleStatus{r.Status(observed[id])}
		err = nameGroups(ctx, tx, e, one)
		out = one[0]
		return err
	})
	return out, err
}

// Authorize adds an authorization rule. Fields: destination, group, description.
func (s *Service) Authorize(ctx context.Context, by control.Principal, id vpn.EndpointID, spec vpn.RuleSpec) (vpn.Rule, error) {
	var made vpn.Rule
	err := s.changeEndpoint(ctx, by, vpn.AuthorizeClientVpnIngress, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		present, err := tx.RulesOf(ctx, id)
		if err != nil {
			return err
		}
		quotas, pending := s.quotas(ctx, tx, *e)
		made, err = e.Authorize(spec, present, quotas, s.core.Now())
		if err := vpn.Together(pending, err); err != nil {
			return err
		}
		a.After = control.Describe(made)
		if spec.GroupName != "" && !made.AllUsers {
			if err := tx.NoteVPNGroup(ctx, e.Provider(), vpn.Group{ID: made.Group, Name: spec.GroupName}); err != nil {
				return err
			}
		}
		return tx.CreateRule(ctx, made)
	})
	return made, err
}

// Revocation is what an administrator should know before removing an authorization rule.
type Revocation struct {
	Rule        vpn.RuleStatus
	After       vpn.Fallback // which rules decide about the destination afterwards
	Connections int          // live on the endpoint
}

// RevokePreview tells what removing a rule would change.
func (s *Service) RevokePreview(ctx context.Context, by control.Principal, id vpn.EndpointID, rule vpn.RuleID) (Revocation, error) {
	var out Revocation
	var err error
	if out.Rule, err = s.Rule(ctx, by, id, rule); err != nil {
		return out, err
	}
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnAuthorizationRules, string(id), func(tx *store.Tx) error {
		present, err := tx.RulesOf(ctx, id)
		if err != nil {
			return err
		}
		out.After = vpn.RevokeEffect(out.Rule.Rule, present)
		if out.After.Names, err = namesIn(ctx, tx, id, present); err != nil {
			return err
		}
		live, err := tx.CountLive(ctx, id)
		out.Connections = live[id]
		return err
	})
	return out, err
}

// Revoke removes an authorization rule. Established flows that only this rule allowed are cut.
func (s *Service) Revoke(ctx context.Context, by control.Principal, id vpn.EndpointID, rule vpn.RuleID) error {
	return s.changeEndpoint(ctx, by, vpn.RevokeClientVpnIngress, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		r, err := revoke(ctx, tx, e, rule)
		a.Before = control.Describe(r)
		return err
	})
}

// RevokeSeveral removes authorization rules in one change. Those that are refused stay.
func (s *Service) RevokeSeveral(ctx context.Context, by control.Principal, id vpn.EndpointID, rules []vpn.RuleID) (int, []control.RefusedRow, error) {
	return changeSeveral(ctx, s, by, vpn.RevokeClientVpnIngress, id, rules, revoke)
}

// revoke gives the rule as it was.
func revoke(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, rule vpn.RuleID) (vpn.Rule, error) {
	was, err := tx.Rule(ctx, rule)
	if err != nil {
		return was, err
	}
	r := was
	if err := e.Revoke(&r); err != nil {
		return was, err
	}
	return was, tx.SaveRule(ctx, r)
}

// RulesNamed gives those of the authorization rules that an endpoint has.
func (s *Service) RulesNamed(ctx context.Context, by control.Principal, id vpn.EndpointID, ids []vpn.RuleID) (found []vpn.RuleStatus, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnAuthorizationRules, string(id), func(tx *store.Tx) error {
		rules, err := tx.RulesOf(ctx, id)
		if err != nil {
			return err
		}
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if slices.Contains(ids, r.ID) {
				found = append(found, vpn.RuleStatus{Rule: r})
			}
		}
		return nameGroups(ctx, tx, e, found)
	})
	return found, err
}
