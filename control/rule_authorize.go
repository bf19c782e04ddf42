package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Authorize adds an authorization rule. Fields: destination, group, description.
func (s *Service) Authorize(ctx context.Context, by Principal, id vpn.EndpointID, spec vpn.RuleSpec) (vpn.Rule, error) {
	var made vpn.Rule
	err := s.core.Change(ctx, by, vpn.AuthorizeClientVpnIngress, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		present, err := tx.RulesOf(ctx, id)
		if err != nil {
			return err
		}
		if made, err = e.Authorize(spec, present, s.core.Now()); err != nil {
			return err
		}
		if err := tx.SaveEndpoint(ctx, e); err != nil {
			return err
		}
		a.Subject, a.After = string(id), Describe(made)
		return tx.CreateRule(ctx, made)
	})
	return made, err
}

// Revoke removes an authorization rule: running transfers that only it allowed are cut.
func (s *Service) Revoke(ctx context.Context, by Principal, id vpn.EndpointID, rule vpn.RuleID) error {
	return s.core.Change(ctx, by, vpn.RevokeClientVpnIngress, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		r, err := tx.Rule(ctx, rule)
		if err != nil {
			return err
		}
		a.Subject, a.Before = string(id), Describe(r)
		if err := e.Revoke(&r); err != nil {
			return err
		}
		if err := tx.SaveRule(ctx, r); err != nil {
			return err
		}
		return tx.SaveEndpoint(ctx, e)
	})
}
