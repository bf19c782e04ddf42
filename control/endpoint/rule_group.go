package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

const unseenGroup = "No user has been seen with this group."

// nameGroups adds the names of access groups to rules of an endpoint, and marks the groups that no user was seen with.
func nameGroups(ctx context.Context, tx *store.Tx, e vpn.Endpoint, rules []vpn.RuleStatus) error {
	known, err := groupsOf(ctx, tx, e, rules)
	if err != nil {
		return err
	}
	for i, r := range rules {
		if r.AllUsers {
			continue
		}
		g := known[r.Group]
		rules[i].GroupName = g.Name
		if g.Members == 0 && r.Removed == 0 {
			rules[i].Warn(unseenGroup)
		}
	}
	return nil
}

// groupsOf are the groups of the endpoint's identity provider that rules name, by group ID.
func groupsOf(ctx context.Context, tx *store.Tx, e vpn.Endpoint, rules []vpn.RuleStatus) (map[string]vpn.UserGroup, error) {
	var ids []string
	for _, r := range rules {
		if !r.AllUsers {
			ids = append(ids, r.Group)
		}
	}
	found, err := tx.VPNGroupsNamed(ctx, ids...)
	out := make(map[string]vpn.UserGroup, len(found))
	for _, g := range found {
		if g.Provider == e.Provider() {
			out[g.ID] = g
		}
	}
	return out, err
}

// namesIn are the names of the groups in rules of an endpoint, by group ID.
func namesIn(ctx context.Context, tx *store.Tx, id vpn.EndpointID, rules []vpn.Rule) (map[string]string, error) {
	e, err := tx.Endpoint(ctx, id)
	if err != nil {
		return nil, err
	}
	list := make([]vpn.RuleStatus, len(rules))
	for i, r := range rules {
		list[i].Rule = r
	}
	known, err := groupsOf(ctx, tx, e, list)
	names := make(map[string]string, len(known))
	for group, g := range known {
		names[group] = g.Name
	}
	return names, err
}

// SeenGroups lists the groups that users of the endpoint's identity provider were seen with, by name: one page.
func (s *Service) SeenGroups(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []vpn.UserGroup, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnGroups, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil || !e.UserBased() {
			return err
		}
		found, err := tx.VPNGroups(ctx, vpn.List{Size: vpn.MaxPageSize, Filter: map[string]string{"provider": string(e.Provider())}})
		out = found.Items
		return err
	})
	return out, err
}
