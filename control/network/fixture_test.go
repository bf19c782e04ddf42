package network_test

import (
	"testing"

	"sallyport/control/controltest"
)

// site is controltest's, with this package's own steps and questions as methods.
type site struct{ *controltest.Site }

func newSite(t *testing.T) *site { t.Helper(); return &site{controltest.NewSite(t)} }

func newAssociatedSite(t *testing.T) *site {
	t.Helper()
	return &site{controltest.NewAssociatedSite(t)}
}
