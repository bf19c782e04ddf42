package vpn

import (
	"fmt"
	"strings"
	"testing"
)

// A rule has a destination and either everybody or one group; the same one is there once.
func TestAuthorize(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	e.Directory = "d-0123456789"
	all := Rule{Endpoint: e.ID, Destination: cidr("10.0.0.0/16"), AllUsers: true, Generations: Generations{Added: 1}}
	group := Rule{Endpoint: e.ID, Destination: cidr("10.0.0.0/16"), Group: "S-1-5-21-1", Generations: Generations{Added: 1}}
	leaving := Rule{Endpoint: e.ID, Destination: cidr("10.9.0.0/16"), AllUsers: true, Generations: Generations{Added: 1, Removed: 2}}
	named := Rule{Endpoint: e.ID, Destination: cidr("10.2.0.0/16"), Group: `cn=b\c3\bcro,dc=corp`, Generations: Generations{Added: 1}} // of an earlier version
	present := []Rule{all, group, leaving, named}
	for _, c := range []struct {
		spec         RuleSpec
		field, words string
	}{
		{RuleSpec{Destination: "0.0.0.0/0", AllUsers: true}, "", ""},
		{RuleSpec{Destination: "10.0.5.7/32", AllUsers: true, Description: "one host"}, "", ""},
		{RuleSpec{Destination: "10.0.0.0/16", Group: "S-1-5-21-2"}, "", ""},
		{RuleSpec{Destination: "10.0.0.0/16", Group: "s-1-5-21-1"}, "", ""}, // group IDs are compared as they are
		{RuleSpec{Destination: "10.9.0.0/16", AllUsers: true}, "", ""},      // the old one is leaving
		{RuleSpec{Destination: "10.0.0.0/16", Group: `cn="x <y>", dc=z`}, "", ""},
		{RuleSpec{Destination: "10.1.0.0/16", Group: strings.Repeat("ü", maxGroupID)}, "", ""},
		{RuleSpec{Destination: "10.0.0.0/16", AllUsers: true}, "destination", "already an authorization rule for 10.0.0.0/16 and all users"},
		{RuleSpec{Destination: "10.0.0.0/16", AllUsers: true, Group: "left in the form"}, "destination", "all users"},
		{RuleSpec{Destination: "10.0.0.0/16", Group: " S-1-5-21-1 "}, "destination", "group S-1-5-21-1"},
		{RuleSpec{Destination: "10.2.0.0/16", Group: "CN=Büro, DC=corp"}, "destination", "group cn=büro,dc=corp"},
		{RuleSpec{Destination: "", AllUsers: true}, "destination", "Enter"},
		{RuleSpec{Destination: "10.0.0.1/16", AllUsers: true}, "destination", "host bits"},
		{RuleSpec{Destination: "fd00::/8", AllUsers: true}, "destination", "IPv4"},
		{RuleSpec{Destination: "127.0.0.1/32", AllUsers: true}, "destination", "loopback"},
		{RuleSpec{Destination: "169.254.169.254/32", AllUsers: true}, "destination", "link-local"},
		{RuleSpec{Destination: "10.1.0.0/16"}, "group", "Enter the ID"},
		{RuleSpec{Destination: "10.1.0.0/16", Group: "a\nb"}, "group", "one line"},
		{RuleSpec{Destination: "10.1.0.0/16", Group: "cn=a\nb,dc=corp"}, "group", "one line"},
		{RuleSpec{Destination: "10.1.0.0/16", Group: "cn=" + strings.Repeat(`\00`, 90) + ",dc=x"}, "group", "at most 255"},
		{RuleSpec{Destination: "10.1.0.0/16", Group: "\xff"}, "group", "one line"},
		{RuleSpec{Destination: "10.1.0.0/16", Group: strings.Repeat("x", maxGroupID+1)}, "group", "at most 255"},
		{RuleSpec{Destination: "10.1.0.0/16", AllUsers: true, Description: "a\nb"}, "description", "a line break"},
	} {
		e := e
		r, err := e.Authorize(c.spec, present, testQuotas, now)
		wantBad(t, fmt.Sprintf("%.60v", c.spec), err, c.field, c.words)
		switch {
		case err != nil && e.Generation != 1:
			t.Errorf("%v: refused, yet generation %d", c.spec, e.Generation)
		case err == nil && (e.Generation != 2 || r.Added != 2 || !r.ID.Valid() || r.AllUsers == (r.Group != "")):
			t.Errorf("%v: got %+v", c.spec, r)
		}
	}
}

// The quota counts what is wanted, not what is leaving.
func TestRuleQuota(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	present := make([]Rule, MaxRules)
	for i := range present {
		present[i] = Rule{Endpoint: e.ID, Destination: cidr(fmt.Sprintf("10.%d.%d.0/24", i/250, i%250)), AllUsers: true}
	}
	_, err := e.Authorize(RuleSpec{Destination: "192.0.2.0/24", AllUsers: true}, present, testQuotas, now)
	wantRefused(t, "one more", err, Conflict, "500 authorization rules")
	present[7].Removed = 3
	if _, err := e.Authorize(RuleSpec{Destination: "192.0.2.0/24", AllUsers: true}, present, testQuotas, now); err != nil {
		t.Error(err)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	r, err := e.Authorize(RuleSpec{Destination: "10.0.0.0/16", AllUsers: true}, nil, testQuotas, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Revoke(&r); err != nil || r.Removed != 3 || e.Generation != 3 {
		t.Errorf("got %v, %+v", err, r)
	}
	wantRefused(t, "twice", e.Revoke(&r), Conflict, "already being removed")
	foreign := Rule{ID: NewRuleID(), Endpoint: NewEndpointID()}
	wantRefused(t, "another endpoint's", e.Revoke(&foreign), NotFound, string(foreign.ID))
	if e.Generation != 3 {
		t.Errorf("generation %d", e.Generation)
	}
}

// Where certificates are all that clients have, no user is in a group.
func TestNoGroupRuleWithoutUsers(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	_, err := e.Authorize(RuleSpec{Destination: "10.0.0.0/16", Group: "S-1-5-21-1"}, nil, testQuotas, now)
	wantBad(t, "group rule", err, "group", "belong to no group")
}
