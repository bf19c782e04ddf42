// Package search holds the use case that searches everything that an administrator manages.
package search

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Service is the use case.
type Service struct{ core *control.Core }

// New makes it.
func New(core *control.Core) *Service { return &Service{core} }

// reads are the actions whose results a search shows.
var reads = []vpn.Action{
	vpn.DescribeClientVpnEndpoints, vpn.DescribeVpcs, vpn.DescribeSubnets, vpn.DescribeClientVpnAuthorizationRules, vpn.DescribeClientVpnRoutes, vpn.DescribeClientVpnConnections,
	vpn.DescribeVpnUsers, vpn.DescribeVpnGroups, vpn.DescribeDirectories, vpn.ListCertificates, vpn.ListAdministrators,
}

// Search finds what has a text in its name, ID, tags or addresses (store.Tx.Search).
func (s *Service) Search(ctx context.Context, by control.Principal, typed string) (out vpn.SearchResult, err error) {
	for _, action := range reads {
		if err := by.May(action, ""); err != nil {
			return out, err
		}
	}
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) (err error) {
		out, err = tx.Search(ctx, vpn.SearchText(typed))
		return err
	})
	return out, err
}
