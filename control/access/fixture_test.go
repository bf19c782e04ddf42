package access_test

import (
	"testing"

	"sallyport/control/controltest"
)

// kit is controltest.Kit with the methods of this package's tests.
type kit struct{ *controltest.Kit }

func newEmptyKit(t *testing.T) *kit { t.Helper(); return &kit{controltest.New(t)} }

func newKit(t *testing.T) *kit { t.Helper(); return &kit{controltest.NewWithAccounts(t)} }
