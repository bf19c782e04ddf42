package identity_test

import (
	"slices"
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

// A trial can be about one endpoint of the directory. A user who is blocked here is refused, as at a login.
func TestTrialThroughOneEndpoint(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	d := s.AskPasswords(false)
	s.Directory.Put(right, vpn.ProviderUser{Key: "key-1", Name: "alice"})
	first := s.Endpoint
	second, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, vpn.EndpointSpec{
		Name: "second", ClientCIDR: "10.44.0.0/22", Certificate: s.Server.ID, Port: "1195", UserBased: true, Directory: d.ID, ClientOptions: vpn.DefaultOptions(),
	})
	s.Must(err)
	try := func(endpoint vpn.EndpointID) (identity.Trial, error) {
		return s.Identity.TestSignIn(t.Context(), s.Admin, identity.TrialRequest{Directory: d.ID, Username: "alice", Password: right, Endpoint: endpoint})
	}
	for through, want := range map[vpn.EndpointID][]vpn.EndpointID{"": {first.ID, second.ID}, second.ID: {second.ID}} {
		trial, err := try(through)
		s.Must(err)
		var got []vpn.EndpointID
		for _, a := range trial.Access {
			got = append(got, a.Endpoint.ID)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("through %q: %v, want %v", through, got, want)
		}
	}
	if _, err := try(vpn.NewEndpointID()); vpn.FieldsOf(err)["endpoint"] == "" {
		t.Errorf("an endpoint of no directory: %v", err)
	}
	s.Exec("INSERT INTO vpn_user (id, provider, user_key, name, name_key, first_seen_at, signed_in_at, group_count, group_names, groups_digest, more_groups, refused_at, refused_code, refused_reason, refused_by, blocked_at, blocked_by, block_reason) VALUES ('user-1', '" + string(d.ID) + "', 'key-1', 'alice', 'alice', 1, 1, 0, '[]', '', 0, 0, '', '', '', 1, 'admin', 'left')")
	if trial, err := try(""); err != nil || vpn.CodeOf(trial.Refused) != vpn.CodeUserBlocked || trial.Access != nil {
		t.Errorf("a blocked user: %v, %+v", err, trial)
	}
}
