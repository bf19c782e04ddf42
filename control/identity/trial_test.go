package identity_test

import (
	"testing"

	"sallyport/control/controltest"
	"sallyport/control/identity"
	"sallyport/vpn"
)

// A trial shows what the user could reach through each endpoint of the directory, by the groups of the sign-in; one that is
// refused shows nothing of it.
func TestTrialShowsWhatTheUserReaches(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	d := s.AskPasswords(false)
	s.Directory.Put(right, vpn.ProviderUser{Key: "key-1", Name: "alice", Groups: []vpn.Group{{ID: "cn=engineers", Name: "engineers"}}})
	for destination, group := range map[string]string{"10.0.1.0/24": "cn=engineers", "10.0.1.10/32": "cn=sales"} {
		_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: destination, Group: group})
		s.Must(err)
	}
	trial, err := s.Identity.TestSignIn(t.Context(), s.Admin, identity.TrialRequest{Directory: d.ID, Username: "alice", Password: right})
	s.Must(err)
	if trial.Refused != nil || len(trial.Access) != 1 || trial.Access[0].Endpoint.ID != s.Endpoint.ID {
		t.Fatalf("%v, %+v", trial.Refused, trial.Access)
	}
	for _, line := range trial.Access[0].Lines {
		if want := line.Destination.Bits() == 24; line.Allowed != want || want && line.Groups[0] != "cn=engineers" {
			t.Errorf("%+v", line)
		}
	}
	if n := len(trial.Access[0].Lines); n != 2 {
		t.Errorf("%d destinations", n)
	}
	refused, err := s.Identity.TestSignIn(t.Context(), s.Admin, identity.TrialRequest{Directory: d.ID, Username: "alice", Password: "guess"})
	if err != nil || refused.Refused == nil || refused.Access != nil {
		t.Errorf("refused: %v, %+v", err, refused)
	}
}
