package identity

import (
	"context"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// A search for groups is bounded in time and in what it finds.
const (
	searchTimeout = 10 * time.Second
	maxFound      = 50
)

// FindGroups searches a directory for groups by a part of their name, and tells whether there may be more than it gives.
// Unavailable where the directory does not answer.
func (s *Service) FindGroups(ctx context.Context, by control.Principal, id vpn.DirectoryID, part string) (found []vpn.Group, more bool, err error) {
	if err := s.core.Allow(ctx, by, vpn.DescribeVpnGroups, string(id)); err != nil {
		return nil, false, err
	}
	_, source, err := s.Source(ctx, id)
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	found, err = source.FindGroups(ctx, strings.TrimSpace(part), maxFound)
	return found, len(found) >= maxFound, err
}
