package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/vpn"
)

// An account that may change nothing, and clients without a sign-in, leave a bounded number of audit
// records: the others are counted, and one record tells their number.
func TestRefusalsAreCounted(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	count := func() int { return len(h.Query("SELECT id FROM audit")) }
	const asked = 1100
	began := count()
	for range asked {
		h.WantKind("a refused change", h.Core.Allow(t.Context(), h.ReadOnly, vpn.CreateVpc, "/networks/new"), vpn.Denied, "read-only")
	}
	if n := count() - began; n != 100 {
		t.Errorf("%d records of one account, want 100", n)
	}
	other := h.Account("other", vpn.RoleReadOnly)
	other.Source = "192.0.2.77"
	_ = h.Core.Allow(t.Context(), other, vpn.CreateVpc, "/networks/new")
	if r := h.LastAudit(); r.Actor != "other" {
		t.Errorf("another account's refusal is not recorded; the last is %+v", r)
	}
	h.Clock.Pass(time.Hour)
	h.Core.FinishRefusals(t.Context(), false)
	r := h.LastAudit()
	if r.Actor != "reader" || r.Source != h.ReadOnly.Source || !strings.Contains(r.Result, "and 1,000 more refusals since 12:00 UTC") {
		t.Errorf("the record of the others is %+v", r)
	}
	_ = h.Core.Allow(t.Context(), h.ReadOnly, vpn.CreateVpc, "again")
	if r := h.LastAudit(); r.Subject != "again" {
		t.Errorf("the next window records nothing; the last is %+v", r)
	}

	began = count()
	for n := range 1000 { // 250 addresses, four attempts each
		_, err := h.Access.SignIn(t.Context(), access.SignInRequest{Username: "admin", Password: "wrong", Source: fmt.Sprintf("198.51.100.%d", n%250)})
		h.WantKind("a wrong password", err, vpn.Denied, "is wrong")
	}
	if n := count() - began; n != 600 {
		t.Errorf("%d records of sign-ins that failed, want 600", n)
	}
	h.Core.FinishRefusals(t.Context(), true)
	if r := h.LastAudit(); r.Action != vpn.SignIn || !strings.Contains(r.Result, "and 400 more") {
		t.Errorf("the record of the others is %+v", r)
	}
	if _, err := h.Networks.CreateNetwork(t.Context(), h.Admin, vpn.NetworkSpec{Name: "n", CIDRs: "10.9.0.0/16"}); err != nil || h.LastAudit().Result != "ok" {
		t.Errorf("a change among refusals: %v, %+v", err, h.LastAudit())
	}
}
