package vpn

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func cidr(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// block is the look of a PEM block, enough for what this package checks.
func block(kind string) string {
	return "-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n"
}

// newEndpoint is an endpoint as the form's defaults make it.
func newEndpoint(t *testing.T) Endpoint {
	t.Helper()
	e, err := NewEndpoint(EndpointSpec{Name: "main", ClientCIDR: "10.20.0.0/22", Certificate: "cert-server", Mutual: true, ClientOptions: DefaultOptions()}, now)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newNetwork(t *testing.T, cidrs string) Network {
	t.Helper()
	n, err := NewNetwork(NetworkSpec{Name: "office", CIDRs: cidrs}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func newSubnet(t *testing.T, n Network, cidr, zone string) Subnet {
	t.Helper()
	s, err := NewSubnet(SubnetSpec{CIDR: cidr, Zone: zone}, n, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// badFields gives the sentences of an error, all of them in one text that cases look into.
func badFields(err error) string {
	var b strings.Builder
	for field, sentence := range FieldsOf(err) {
		b.WriteString(field + ": " + sentence + "\n")
	}
	return b.String()
}

// wantBad checks that a field has a sentence with the given words in it; no field wants none at all.
func wantBad(t *testing.T, what string, err error, field, words string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Errorf("%s: refused: %v", what, err)
		}
		return
	}
	sentence, ok := FieldsOf(err)[field]
	if !ok || !strings.Contains(sentence, words) {
		t.Errorf("%s: got %v, want field %q with %q", what, err, field, words)
		return
	}
	if KindOf(err) != Invalid {
		t.Errorf("%s: kind %s, want invalid", what, KindOf(err))
	}
	if last := sentence[len(sentence)-1]; last != '.' && last != '@' && last != '-' {
		t.Errorf("%s: %q is no full sentence", what, sentence)
	}
}

// wantRefused checks the kind and the words of a refusal that belongs to no field.
func wantRefused(t *testing.T, what string, err error, kind Kind, words string) {
	t.Helper()
	if err == nil || KindOf(err) != kind || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got %v (%s), want %s with %q", what, err, KindOf(err), kind, words)
	}
}

// testQuotas are the highest quotas.
var testQuotas = Quotas{Endpoints: MaxEndpoints, Rules: MaxRules, Routes: MaxRoutes, PendingChanges: MaxPendingChanges}

// addRoute is AddRoutes with one target.
func addRoute(e *Endpoint, s RouteSpec, associations []Association, present []Route, q Quotas, at time.Time) (Route, error) {
	made, err := e.AddRoutes(s, associations, present, q, at)
	if err != nil || len(made) != 1 {
		return Route{}, err
	}
	return made[0], nil
}
