package endpoint_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"sallyport/store"
	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestRuleIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	rule := s.Authorize("10.0.0.0/16")
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"rule twice", "destination", func() error {
			_, err := s.Endpoints.Authorize(ctx, s.Admin, id, vpn.RuleSpec{Destination: rule.Destination.String(), AllUsers: true})
			return err
		}},
		{"rule for no group", "group", func() error {
			_, err := s.Endpoints.Authorize(ctx, s.Admin, id, vpn.RuleSpec{Destination: "10.0.0.0/16"})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// A rule belongs to its endpoint.
func TestRuleOfAnotherEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	rule, other, ctx := s.Authorize("10.0.0.0/16"), s.CreateEndpoint("other", "10.30.0.0/22", "1194"), t.Context()
	for what, run := range map[string]func() error{
		"revoke":     func() error { return s.Endpoints.Revoke(ctx, s.Admin, other.ID, rule.ID) },
		"see a rule": func() error { _, err := s.Endpoints.Rule(ctx, s.Admin, other.ID, rule.ID); return err },
	} {
		s.WantRefusal(what, vpn.NotFound, "There is no", run)
	}
}

// Every change of the desired state is a generation of its own, also when many are made at once, and
// none is lost.
func TestManyChangeOneEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	start := s.View().Generation
	s.Set(s.Admin, "pending_change_quota", "100")
	const each, workers = 5, 8
	var wg sync.WaitGroup
	errs := make(chan error, workers*each)
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				destination := vpn.RuleSpec{Destination: strings.Join([]string{"10", "0", string(rune('1' + w)), string(rune('0' + i))}, ".") + "/32", AllUsers: true}
				_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, destination)
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if got := s.View().Generation; got != start+workers*each {
		t.Errorf("generation %d after %d, want %d", got, start, start+workers*each)
	}
	var rules []vpn.Rule
	s.Must(s.Store.View(t.Context(), func(tx *store.Tx) (err error) { rules, err = tx.RulesOf(t.Context(), s.Endpoint.ID); return err }))
	seen := map[uint64]bool{}
	for _, r := range rules {
		seen[r.Added] = true
	}
	if len(rules) != workers*each || len(seen) != len(rules) {
		t.Errorf("%d rules with %d generations", len(rules), len(seen))
	}
	s.Reconcile()
	if d := s.Dataplane.Desired[s.Endpoint.ID]; len(d.Rules) != workers*each || d.Generation != start+workers*each {
		t.Errorf("the dataplane has %d rules of generation %d", len(d.Rules), d.Generation)
	}
}

// Of many requests for the same rule at once, one succeeds.
func TestTheSameRuleAtOnce(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	start := s.View().Generation
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
			results <- err
		})
	}
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		var refused *vpn.Error
		switch {
		case err == nil:
			made++
		case !errors.As(err, &refused) || refused.Kind != vpn.Invalid:
			t.Error(err)
		}
	}
	if made != 1 || s.View().Generation != start+1 {
		t.Errorf("%d were made, generation %d after %d", made, s.View().Generation, start)
	}
}
