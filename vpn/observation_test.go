package vpn

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// seen is a report of a moment ago.
func seen(applied uint64, faults ...Fault) Observation {
	return Observation{Endpoint: "cvpn-endpoint-1", Applied: applied, SeenAt: now, Fresh: true, Faults: faults}
}

// The states of DESIGN section 4 come from what was applied (column 3), never from what is hoped
// for; a part that is no longer wanted is on its way out whatever else is said of it.
func TestStates(t *testing.T) {
	t.Parallel()
	old := seen(5)
	old.Fresh = false
	fault := Fault{Subject: "x", Message: "It broke."}
	whole := Fault{Subject: "cvpn-endpoint-1", Message: "The port is taken."}
	for name, c := range map[string]struct {
		generations              Generations
		o                        Observation
		association, rule, route string
		why                      string // words of the reason; "" wants none
	}{
		"nothing ever reported":      {Generations{Added: 1}, Observation{}, "associating", "authorizing", "creating", "No dataplane has reported"},
		"reported, nothing applied":  {Generations{Added: 1}, seen(0), "associating", "authorizing", "creating", ""},
		"an older one applied":       {Generations{Added: 6}, seen(5), "associating", "authorizing", "creating", ""},
		"applied":                    {Generations{Added: 5}, seen(5), "associated", "active", "active", ""},
		"a newer one applied":        {Generations{Added: 5}, seen(9), "associated", "active", "active", ""},
		"applied, silence since":     {Generations{Added: 5}, old, "associated", "active", "active", ""},
		"added in the silence":       {Generations{Added: 6}, old, "associating", "authorizing", "creating", "has not answered since 12:00:00 UTC"},
		"fault before it is applied": {Generations{Added: 6}, seen(5, fault), "association-failed", "failed", "failed", "It broke."},
		"fault after it was applied": {Generations{Added: 5}, seen(5, fault), "association-failed", "failed", "failed", "It broke."},
		"another's fault":            {Generations{Added: 5}, seen(5, Fault{Subject: "y", Message: "No."}), "associated", "active", "active", ""},
		"the endpoint's fault":       {Generations{Added: 6}, seen(5, whole), "associating", "authorizing", "creating", "The port is taken."},
		"applied, endpoint's fault":  {Generations{Added: 5}, seen(5, whole), "associated", "active", "active", ""},
		"no longer wanted":           {Generations{Added: 1, Removed: 6}, seen(5), "disassociating", "revoking", "deleting", ""},
		"its removal applied":        {Generations{Added: 1, Removed: 5}, seen(5), "disassociating", "revoking", "deleting", ""},
		"removal, with a fault":      {Generations{Added: 1, Removed: 6}, seen(5, fault), "disassociating", "revoking", "deleting", "It broke."},
		"removal, never applied":     {Generations{Added: 6, Removed: 7}, seen(0), "disassociating", "revoking", "deleting", ""},
		"the dataplane lost it all":  {Generations{Added: 5}, seen(0), "associating", "authorizing", "creating", ""},
	} {
		association, why1 := Association{ID: "x", Generations: c.generations}.State(c.o)
		rule, why2 := Rule{ID: "x", Generations: c.generations}.State(c.o)
		route, why3 := Route{ID: "x", Generations: c.generations}.State(c.o)
		if string(association) != c.association || string(rule) != c.rule || string(route) != c.route {
			t.Errorf("%s: got %s, %s, %s", name, association, rule, route)
		}
		for _, why := range []string{why1, why2, why3} {
			if (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
				t.Errorf("%s: the reason is %q, want %q", name, why, c.why)
			}
		}
	}
}

// An endpoint is available once a target network is associated, and only so long.
func TestEndpointState(t *testing.T) {
	t.Parallel()
	part := func(added, removed uint64) Association {
		return Association{ID: "x", Generations: Generations{Added: added, Removed: removed}}
	}
	for name, c := range map[string]struct {
		deleting     bool
		associations []Association
		o            Observation
		want         EndpointState
	}{
		"new":                         {false, nil, Observation{}, EndpointPendingAssociate},
		"reported":                    {false, nil, seen(1), EndpointPendingAssociate},
		"asked for":                   {false, []Association{part(2, 0)}, seen(1), EndpointPendingAssociate},
		"associated":                  {false, []Association{part(2, 0)}, seen(2), EndpointAvailable},
		"a second one comes":          {false, []Association{part(3, 0), part(2, 0)}, seen(2), EndpointAvailable},
		"one of two goes":             {false, []Association{part(2, 4), part(3, 0)}, seen(3), EndpointAvailable},
		"the last one goes":           {false, []Association{part(2, 3)}, seen(2), EndpointPendingAssociate},
		"the only one fails":          {false, []Association{part(2, 0)}, seen(2, Fault{Subject: "x"}), EndpointPendingAssociate},
		"the dataplane lost it":       {false, []Association{part(2, 0)}, seen(0), EndpointPendingAssociate},
		"being deleted":               {true, nil, seen(3), EndpointDeleting},
		"deleted before all had left": {true, []Association{part(2, 0)}, seen(2), EndpointDeleting},
	} {
		if got := (Endpoint{Deleting: c.deleting}).State(c.associations, c.o); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// A row goes when its removal is in the kernel.
func TestGone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		removed, applied uint64
		want             bool
	}{{0, 9, false}, {5, 4, false}, {5, 5, true}, {5, 6, true}, {0, 0, false}} {
		if got := (Generations{Added: 1, Removed: c.removed}).Gone(Observation{Applied: c.applied}); got != c.want {
			t.Errorf("removed %d, applied %d: got %v", c.removed, c.applied, got)
		}
	}
}

// Only an available endpoint takes connections, and only of a certificate with a common name.
func TestDecideLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deleting bool
		state    EndpointState
		cn       string
		words    string
	}{
		"available":                 {false, EndpointAvailable, "alice", ""},
		"pending":                   {false, EndpointPendingAssociate, "alice", "no target network yet"},
		"deleting":                  {true, EndpointDeleting, "alice", "being deleted"},
		"deleting, state not yet":   {true, EndpointAvailable, "alice", "being deleted"},
		"deleted":                   {false, EndpointDeleted, "alice", "no target network"},
		"no state":                  {false, "", "alice", "no target network"},
		"certificate without names": {false, EndpointAvailable, "", "no common name"},
		"a C1 control character":    {false, EndpointAvailable, "a\u0085b", "contains the control character U+0085"},
		"a direction control":       {false, EndpointAvailable, "a\u202eb", "contains the invisible format character U+202E"},
		"NUL":                       {false, EndpointAvailable, "admin\x00", "contains the control character U+0000"},
		"not UTF-8":                 {false, EndpointAvailable, "a\xff", "not valid UTF-8"},
		"a quotation mark":          {false, EndpointAvailable, `Robert "Bob" Smith`, ""}, // issued elsewhere
		"any script":                {false, EndpointAvailable, "O'Brien & Жук (東京)", ""},
	} {
		got := denied(DecideLogin(Endpoint{Deleting: c.deleting}, c.state, nil, nil, Barred{}, LoginRequest{CommonName: c.cn, Deadline: now.Add(time.Second)}, Proof{}))
		if got.Later || (got.Reason == "") != (c.words == "") || !strings.Contains(got.Reason, c.words) {
			t.Errorf("%s: got %+v", name, got)
		}
		if got.Reason != "" && !slices.Contains(LoginCodes(), got.Code) {
			t.Errorf("%s: the code %q is not one of LoginCodes", name, got.Code)
		}
	}
}

// denied is the decision that a refusal makes; the zero value where the client is let in.
func denied(refused *Error) LoginDecision {
	if refused == nil {
		return LoginDecision{}
	}
	return Deny("", refused)
}

// A client of an endpoint whose target networks do not work at present tries again by itself, unless
// something else is against it.
func TestDecideLoginLater(t *testing.T) {
	t.Parallel()
	stays, leaves := Association{Generations: Generations{Added: 1}}, Association{Generations: Generations{Added: 1, Removed: 2}}
	for name, c := range map[string]struct {
		endpoint     Endpoint
		associations []Association
		cn           string
		words        string
		later        bool
	}{
		"one that stays":    {Endpoint{}, []Association{leaves, stays}, "alice", "is not ready", true},
		"all leave":         {Endpoint{}, []Association{leaves}, "alice", "no target network yet", false},
		"deleting":          {Endpoint{Deleting: true}, []Association{stays}, "alice", "being deleted", false},
		"without a name":    {Endpoint{}, []Association{stays}, "", "no common name", false},
		"of another issuer": {Endpoint{Name: "other"}, []Association{stays}, "alice", "was not issued", false},
	} {
		issuer := Issuer{}
		if c.endpoint.Name != "" {
			issuer = Issuer{Name: "CA", Fingerprint: "01"}
		}
		got := denied(DecideLogin(c.endpoint, EndpointPendingAssociate, c.associations, Issuers{issuer}, Barred{}, LoginRequest{CommonName: c.cn}, Proof{}))
		if got.Later != c.later || !strings.Contains(got.Reason, c.words) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// Where an endpoint takes the certificates of one authority, another authority below the same root
// does not let clients in.
func TestDecideLoginByIssuer(t *testing.T) {
	t.Parallel()
	issuer := Issuer{Name: "Corp VPN Servers", Fingerprint: "AB:CD:01"}
	for presented, words := range map[string]string{
		"abcd01": "", "AB:CD:01": "", "abcd02": "not issued by the authority Corp VPN Servers itself", "": "not issued by the authority Corp VPN Servers itself",
	} {
		got := denied(DecideLogin(Endpoint{}, EndpointAvailable, nil, Issuers{issuer}, Barred{}, LoginRequest{CommonName: "alice", Issuer: presented}, Proof{}))
		if (got.Reason == "") != (words == "") || !strings.Contains(got.Reason, words) {
			t.Errorf("issued by %q: got %+v", presented, got)
		}
	}
	unproved := Endpoint{ClientCA: "cert-ca", Directory: "d-1"}
	if got := DecideLogin(unproved, EndpointAvailable, nil, nil, Barred{}, LoginRequest{CommonName: "alice", Username: "alice"}, Proof{}); got == nil || got.Code != CodeLoginNotDecided {
		t.Errorf("a password that was not proved: got %v", got)
	}
	if got := DecideLogin(Endpoint{}, EndpointAvailable, nil, nil, Barred{}, LoginRequest{CommonName: "alice", Issuer: "abcd02"}, Proof{}); got != nil {
		t.Errorf("without an issuer: got %v", got)
	}
}

// A connection counts as live from its establishment to its end.
func TestConnectionLive(t *testing.T) {
	t.Parallel()
	for status, want := range map[ConnectionStatus]bool{
		ConnectionConnecting: false, ConnectionActive: true, ConnectionTerminating: true, ConnectionFailedToTerminate: true, ConnectionTerminated: false,
	} {
		if got := (Connection{Status: status}).Live(); got != want {
			t.Errorf("%s: got %v", status, got)
		}
	}
}

// What may go wrong is said and takes nothing out of service.
func TestWarningsFailNothing(t *testing.T) {
	t.Parallel()
	a := Association{ID: "cvpn-assoc-1", Generations: Generations{Added: 1}}
	o := Observation{Applied: 1, Fresh: true, Faults: []Fault{{Subject: "cvpn-assoc-1", Message: "It may drop packets.", Warning: true}}}
	if s := a.Status(o, ""); s.State != Associated || s.Reason != "It may drop packets." {
		t.Errorf("the association is %s: %q", s.State, s.Reason)
	}
	if got := o.Worst().Message; got != "It may drop packets." {
		t.Errorf("the worst is %q", got)
	}
	o.Faults = append(o.Faults, Fault{Subject: "cvpn-assoc-1", Message: "It drops packets."})
	if s := a.Status(o, ""); s.State != AssociationFailed || s.Reason != "It drops packets." {
		t.Errorf("with a fault the association is %s: %q", s.State, s.Reason)
	}
	if got := o.Worst().Message; got != "It drops packets." {
		t.Errorf("with a fault the worst is %q", got)
	}
}

// What issued the client certificate that stands for an authority is required, and not the root above
// it; an authority that was chosen itself needs no more than OpenVPN's check.
func TestRequiredIssuer(t *testing.T) {
	t.Parallel()
	chain := "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
	if got := RequiredIssuer(Certificate{Use: UseAuthority, Chain: chain}); got != (Issuer{}) {
		t.Errorf("an authority: %+v", got)
	}
	const ofABC = "b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78"
	for _, use := range []CertificateUse{UseClient, UseServer} {
		if got := RequiredIssuer(Certificate{Use: use, Issuer: "Corp Users", Chain: chain}); got != (Issuer{Name: "Corp Users", Fingerprint: ofABC}) {
			t.Errorf("%s: %+v", use, got)
		}
	}
}
