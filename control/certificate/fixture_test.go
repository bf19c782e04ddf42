package certificate_test

import (
	"testing"

	"sallyport/control/controltest"
)

// site is controltest.Site with the methods of this package's tests.
type site struct{ *controltest.Site }

func newSite(t *testing.T) *site { t.Helper(); return &site{controltest.NewSite(t)} }

func newAssociatedSite(t testing.TB) *site {
	t.Helper()
	return &site{controltest.NewAssociatedSite(t)}
}
