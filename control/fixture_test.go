package control_test

import (
	"testing"

	"sallyport/control/controltest"
)

// kit is controltest's, with this package's own steps and questions as methods.
type kit struct{ *controltest.Kit }

func newKit(t *testing.T) *kit { t.Helper(); return &kit{controltest.NewWithAccounts(t)} }

// site is controltest's, with this package's own steps and questions as methods.
type site struct{ *controltest.Site }

func newAssociatedSite(t *testing.T) *site {
	t.Helper()
	return &site{controltest.NewAssociatedSite(t)}
}
