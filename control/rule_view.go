package control

import (
	"context"

	"sallyport/vpn"
)

// RuleRow is an authorization rule with its state.
type RuleRow struct {
	vpn.Rule
	State vpn.RuleState
	Why   string
}

// Rules lists an endpoint's authorization rules.
func (s *Service) Rules(ctx context.Context, by Actor, id vpn.EndpointID, l List) (Page[RuleRow], error) {
	var out Page[RuleRow]
	err := s.read(ctx, by, func(tx Tx) error {
		observed, err := s.observations(ctx, tx, id)
		if err != nil {
			return err
		}
		page, err := tx.Rules(ctx, id, l)
		if err != nil {
			return err
		}
		out = mapPage(page, func(r vpn.Rule) RuleRow { return ruleRow(r, observed[id]) })
		return nil
	})
	return out, err
}

// Rule gives one authorization rule of an endpoint.
func (s *Service) Rule(ctx context.Context, by Actor, id vpn.EndpointID, rule vpn.RuleID) (RuleRow, error) {
	var out RuleRow
	err := s.read(ctx, by, func(tx Tx) error {
		r, err := tx.Rule(ctx, rule)
		if err != nil {
			return err
		}
		if r.Endpoint != id {
			return vpn.NoSuch("InvalidClientVpnAuthorizationRuleNotFound", "authorization rule", string(rule))
		}
		observed, err := s.observations(ctx, tx, id)
		out = ruleRow(r, observed[id])
		return err
	})
	return out, err
}

func ruleRow(r vpn.Rule, o vpn.Observation) RuleRow {
	row := RuleRow{Rule: r}
	row.State, row.Why = r.State(o)
	return row
}
