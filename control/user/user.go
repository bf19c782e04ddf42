package user

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Users lists users. For its orders and filters see store.Tx.VPNUsers.
func (s *Service) Users(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[vpn.UserSummary], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnUsers, "", func(tx *store.Tx) error {
		found, err := tx.VPNUsers(ctx, l)
		if err != nil {
			return err
		}
		out = vpn.MapPage(found, func(u vpn.User) vpn.UserSummary { return vpn.UserSummary{User: u} })
		return summarize(ctx, tx, out.Items)
	})
	return out, err
}

// summarize adds the names of the providers and the numbers of connections.
func summarize(ctx context.Context, tx *store.Tx, users []vpn.UserSummary) error {
	names, err := tx.ProviderNames(ctx)
	if err != nil {
		return err
	}
	refs := make([]vpn.UserRef, len(users))
	for i, u := range users {
		refs[i] = u.UserRef
	}
	connections, err := tx.CountConnectionsOf(ctx, refs...)
	for i, u := range users {
		users[i].ProviderName, users[i].Connections = names[u.Provider], connections[u.UserRef]
	}
	return err
}

// Providers lists the directories, by name.
func (s *Service) Providers(ctx context.Context, by control.Principal) (out []vpn.ProviderRef, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnUsers, "", func(tx *store.Tx) error {
		names, err := tx.ProviderNames(ctx)
		for id, name := range names {
			out = append(out, vpn.ProviderRef{ID: id, Name: name})
		}
		slices.SortFunc(out, func(a, b vpn.ProviderRef) int {
			return cmp.Or(cmp.Compare(strings.ToLower(a.Label()), strings.ToLower(b.Label())), cmp.Compare(a.ID, b.ID))
		})
		return err
	})
	return out, err
}

// View is one user with the groups as last seen and with what they can reach.
type View struct {
	vpn.UserSummary
	Groups    []vpn.UserGroup
	RefusedBy vpn.EndpointRef // the endpoint of the last refusal; the zero value where it is gone
	Access    []vpn.EndpointAccess
	Reports   []vpn.UserReport          // of sign-ins that were not theirs, the newest first
	Attempts  []vpn.Attempt             // the last that were refused
	Portal    int                       // sessions of the self-service portal that have not ended
	PortalAt  time.Time                 // the last sign-in there of those that are kept; zero: there is none
	Names     map[vpn.EndpointID]string // of the endpoints of the attempts; a deleted one is absent
	// AsksMFA tells whether the user's directory asks for a code. Device is the user's authenticator; the zero value: there is none.
	AsksMFA  bool
	Device   vpn.MFADevice
	Recovery vpn.RecoveryState
}

// How many rows the page of a user has.
const (
	reportsOfUser  = 20
	attemptsOfUser = 10
)

// User gives one user.
func (s *Service) User(ctx context.Context, by control.Principal, id vpn.UserID) (v View, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnUsers, string(id), func(tx *store.Tx) error {
		u, err := tx.VPNUser(ctx, id)
		if err != nil {
			return err
		}
		one := []vpn.UserSummary{{User: u}}
		if err := summarize(ctx, tx, one); err != nil {
			return err
		}
		v = View{UserSummary: one[0]}
		if v.Groups, err = tx.VPNGroupsOf(ctx, id); err != nil {
			return err
		}
		if err := v.addSignIns(ctx, tx, s.core.Now()); err != nil {
			return err
		}
		if err := v.addFactor(ctx, tx); err != nil {
			return err
		}
		endpoints, err := tx.AllEndpoints(ctx)
		if err != nil {
			return err
		}
		groups := make([]string, len(v.Groups))
		for i, g := range v.Groups {
			groups[i] = g.ID
		}
		for _, e := range endpoints {
			if e.ID == u.RefusedBy {
				v.RefusedBy = vpn.EndpointRef{ID: e.ID, Name: e.Name}
			}
			if e.Deleting || e.Provider() != u.Provider {
				continue
			}
			lines, err := accessTo(ctx, tx, e, groups)
			if err != nil {
				return err
			}
			v.Access = append(v.Access, vpn.EndpointAccess{Endpoint: vpn.EndpointRef{ID: e.ID, Name: e.Name}, Lines: lines})
		}
		return nil
	})
	return v, err
}

// addSignIns adds what the user reported, what was refused, and the sessions of the portal. A user of client certificates has none
// of them.
func (v *View) addSignIns(ctx context.Context, tx *store.Tx, now time.Time) (err error) {
	if v.Provider == "" {
		return nil
	}
	if v.Reports, err = tx.UserReportsOf(ctx, v.UserRef, reportsOfUser); err != nil {
		return err
	}
	if v.Attempts, err = tx.AttemptsOf(ctx, v.UserRef, attemptsOfUser); err != nil {
		return err
	}
	if v.Portal, err = tx.CountPortalSessions(ctx, v.UserRef, now.Add(-vpn.PortalIdle), now); err != nil {
		return err
	}
	if v.PortalAt, err = tx.LastPortalSignIn(ctx, v.UserRef); err != nil {
		return err
	}
	v.Names, err = tx.EndpointNames(ctx, vpn.IDsOf(v.Attempts, func(a vpn.Attempt) vpn.EndpointID { return a.Endpoint })...)
	return err
}

// addFactor adds the authenticator of a user of a directory.
func (v *View) addFactor(ctx context.Context, tx *store.Tx) error {
	if _, saml := v.Provider.SAML(); saml || v.Provider == "" {
		return nil
	}
	d, err := tx.Directory(ctx, vpn.DirectoryID(v.Provider))
	if vpn.KindOf(err) == vpn.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	v.AsksMFA = d.MFA
	if v.Device, err = tx.MFADeviceOf(ctx, d.ID, v.Key); err != nil {
		if vpn.KindOf(err) == vpn.NotFound {
			err = nil
		}
		return err
	}
	v.Recovery, err = tx.RecoveryState(ctx, v.Device.ID)
	return err
}

func accessTo(ctx context.Context, tx *store.Tx, e vpn.Endpoint, groups []string) ([]vpn.UserAccess, error) {
	rules, err := tx.RulesOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	routes, err := tx.RoutesOf(ctx, e.ID)
	return vpn.UserAccessOf(rules, routes, groups), err
}
