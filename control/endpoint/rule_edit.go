package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// DescribeRule changes the description of an authorization rule. Field: description. Stale where another administrator saved
// another one after the form was filled.
func (s *Service) DescribeRule(ctx context.Context, by control.Principal, id vpn.EndpointID, rule vpn.RuleID, in vpn.DescriptionEdit) (vpn.Rule, error) {
	var r vpn.Rule
	err := s.changeEndpoint(ctx, by, vpn.ModifyClientVpnIngress, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		if r, err = tx.Rule(ctx, rule); err != nil {
			return err
		}
		a.Before = control.Describe(r)
		if err := e.DescribeRule(&r, in); err != nil {
			return err
		}
		a.After = control.Describe(r)
		return tx.SaveRule(ctx, r)
	})
	return r, err
}
