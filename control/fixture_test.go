package control_test

import (
	"testing"

	"sallyport/control/controltest"
)

// kit is controltest.Kit with the methods of this package's tests.
type kit struct{ *controltest.Kit }

func newKit(t *testing.T) *kit { t.Helper(); return &kit{controltest.NewWithAccounts(t)} }

// site is controltest.Site with the methods of this package's tests.
type site struct{ *controltest.Site }

func newAssociatedSite(t *testing.T) *site {
	t.Helper()
	return &site{controltest.NewAssociatedSite(t)}
}
