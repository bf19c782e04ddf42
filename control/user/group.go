package user

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Groups lists the groups that users were seen with. For its orders and filters see store.Tx.VPNGroups.
func (s *Service) Groups(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[vpn.UserGroupSummary], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnGroups, "", func(tx *store.Tx) error {
		found, err := tx.VPNGroups(ctx, l)
		if err != nil {
			return err
		}
		names, err := tx.ProviderNames(ctx)
		if err != nil {
			return err
		}
		type key struct {
			provider vpn.ProviderID
			group    string
		}
		rules, ids := map[key]int{}, map[vpn.ProviderID][]string{}
		for _, g := range found.Items {
			ids[g.Provider] = append(ids[g.Provider], g.ID)
		}
		for provider, groups := range ids {
			list, err := tx.RulesOfGroups(ctx, provider, groups...)
			if err != nil {
				return err
			}
			for _, r := range list {
				rules[key{provider, r.Group}]++
			}
		}
		out = vpn.MapPage(found, func(g vpn.UserGroup) vpn.UserGroupSummary {
			return vpn.UserGroupSummary{UserGroup: g, ProviderName: names[g.Provider], Rules: rules[key{g.Provider, g.ID}]}
		})
		return nil
	})
	return out, err
}

// GroupView is one group with the rules that name it.
type GroupView struct {
	vpn.UserGroupSummary
	Rules     []vpn.Rule
	Endpoints map[vpn.EndpointID]string // names of the endpoints of the rules
}

// Group gives one group.
func (s *Service) Group(ctx context.Context, by control.Principal, id vpn.UserGroupID) (v GroupView, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnGroups, string(id), func(tx *store.Tx) error {
		g, err := tx.VPNGroup(ctx, id)
		if err != nil {
			return err
		}
		names, err := tx.ProviderNames(ctx)
		if err != nil {
			return err
		}
		if v.Rules, err = tx.RulesOfGroups(ctx, g.Provider, g.ID); err != nil {
			return err
		}
		v.UserGroupSummary = vpn.UserGroupSummary{UserGroup: g, ProviderName: names[g.Provider], Rules: len(v.Rules)}
		v.Endpoints, err = tx.EndpointNames(ctx, vpn.IDsOf(v.Rules, func(r vpn.Rule) vpn.EndpointID { return r.Endpoint })...)
		return err
	})
	return v, err
}
