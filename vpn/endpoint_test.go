package vpn

import (
	"math"
	"strings"
	"testing"
	"time"
)

// The defaults of the guide, "Client VPN endpoints": UDP, port 443, every address, 24 hours, the server's own authority.
func TestNewEndpointDefaults(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	want := Listen{Addr: ip("0.0.0.0"), Transport: UDP, Port: 443}
	if e.Listen != want || e.SessionTimeout != 24*time.Hour || e.ClientCA != e.Certificate || e.SplitTunnel || !e.SourceNAT ||
		e.Generation != 1 || e.Version != 1 || !e.ID.Valid() {
		t.Errorf("got %+v", e)
	}
	if got := e.State(nil, Observation{}); got != EndpointPendingAssociate {
		t.Errorf("state %s", got)
	}
}

// Each part of the form is refused beside its own field.
func TestNewEndpointRefuses(t *testing.T) {
	t.Parallel()
	good := EndpointSpec{Name: "main", ClientCIDR: "10.20.0.0/22", Certificate: "cert-1", Transport: TCP, ListenAddr: "192.0.2.1", Port: "1194", Mutual: true, ClientOptions: DefaultOptions()}
	for _, c := range []struct {
		change       func(*EndpointSpec)
		field, words string
	}{
		{func(s *EndpointSpec) {}, "", ""},
		{func(s *EndpointSpec) { s.Port = " 65535 " }, "", ""},
		{func(s *EndpointSpec) { s.Port = "1" }, "", ""},
		{func(s *EndpointSpec) { s.Port = "0" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = "65536" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = "-1" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = "+443" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = "0x1bb" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = "https" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = "443\nproto tcp" }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Port = strings.Repeat("4", 10000) }, "port", "1 to 65535"},
		{func(s *EndpointSpec) { s.Transport = "sctp" }, "transport", "UDP or TCP"},
		{func(s *EndpointSpec) { s.ListenAddr = "::1" }, "listen_addr", "not an IPv4"},
		{func(s *EndpointSpec) { s.ListenAddr = "vpn.example" }, "listen_addr", "not an IPv4"},
		{func(s *EndpointSpec) { s.ListenAddr = "224.0.0.1" }, "listen_addr", "cannot be the address of a host"},
		{func(s *EndpointSpec) { s.ListenAddr = "255.255.255.255" }, "listen_addr", "cannot be the address of a host"},
		{func(s *EndpointSpec) { s.Certificate = "" }, "certificate", "Choose"},
		{func(s *EndpointSpec) { s.ClientCIDR = "10.20.0.0/23" }, "client_cidr", "too small"},
		{func(s *EndpointSpec) { s.Name = "a'b" }, "name", "not allowed"},
		{func(s *EndpointSpec) { s.Description = "a\nb" }, "description", "a line break"},
		{func(s *EndpointSpec) { s.Tags = []Tag{{"", "v"}} }, "tags", "no key"},
	} {
		spec := good
		c.change(&spec)
		_, err := NewEndpoint(spec, now)
		wantBad(t, c.field+" "+c.words, err, c.field, c.words)
	}
}

// Two endpoints of a host own the same port if transport and number are equal and the addresses
// are, or either stands for all.
func TestListenOverlaps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b Listen
		want bool
	}{
		{Listen{ip("0.0.0.0"), UDP, 443}, Listen{ip("0.0.0.0"), UDP, 443}, true},
		{Listen{ip("0.0.0.0"), UDP, 443}, Listen{ip("192.0.2.1"), UDP, 443}, true},
		{Listen{ip("192.0.2.1"), UDP, 443}, Listen{ip("192.0.2.1"), UDP, 443}, true},
		{Listen{ip("192.0.2.1"), UDP, 443}, Listen{ip("192.0.2.2"), UDP, 443}, false},
		{Listen{ip("0.0.0.0"), UDP, 443}, Listen{ip("0.0.0.0"), TCP, 443}, false},
		{Listen{ip("0.0.0.0"), UDP, 443}, Listen{ip("0.0.0.0"), UDP, 444}, false},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%v and %v: want %v both ways", c.a, c.b, c.want)
		}
	}
}

// Ports and client ranges belong to one endpoint each; the sentence names the owner and a free port.
func TestCheckPlace(t *testing.T) {
	t.Parallel()
	other := newEndpoint(t)
	other.Name = "first"
	for _, c := range []struct {
		cidr         string
		listen       Listen
		field, words string
	}{
		{"10.30.0.0/22", Listen{ip("0.0.0.0"), UDP, 1194}, "", ""},
		{"10.30.0.0/22", Listen{ip("0.0.0.0"), TCP, 443}, "", ""},
		{"10.30.0.0/22", Listen{ip("0.0.0.0"), UDP, 443}, "port", "UDP port 443 belongs to endpoint first (" + string(other.ID) + "); 1194 is free"},
		{"10.30.0.0/22", Listen{ip("192.0.2.9"), UDP, 443}, "port", "1194 is free"},
		{"10.20.0.0/22", Listen{ip("0.0.0.0"), UDP, 1194}, "client_cidr", "overlaps with 10.20.0.0/22, the client range of endpoint first"},
		{"10.16.0.0/12", Listen{ip("0.0.0.0"), UDP, 1194}, "client_cidr", "overlaps"},
		{"10.20.4.0/22", Listen{ip("0.0.0.0"), UDP, 1194}, "", ""},
	} {
		e := newEndpoint(t)
		e.ClientCIDR, e.Listen = cidr(c.cidr), c.listen
		wantBad(t, c.cidr, e.CheckConflicts([]Endpoint{other, e}), c.field, c.words)
	}
}

// The guide's two ports first, then upwards.
func TestFreePort(t *testing.T) {
	t.Parallel()
	var others []Endpoint
	for _, want := range []uint16{443, 1194, 1195, 1196} {
		got := FreePort(UDP, others)
		if got != want {
			t.Fatalf("with %d taken: got %d, want %d", len(others), got, want)
		}
		others = append(others, Endpoint{Listen: Listen{ip("192.0.2.1"), UDP, got}})
	}
	if got := FreePort(TCP, others); got != 443 {
		t.Errorf("TCP: got %d", got)
	}
	others = nil
	for p := range math.MaxUint16 {
		others = append(others, Endpoint{Listen: Listen{ip("0.0.0.0"), UDP, uint16(p)}})
	}
	if got := freePort(Listen{Addr: ip("0.0.0.0"), Transport: UDP}, others[:1300]); got != 1300 {
		t.Errorf("got %d", got)
	}
}

// The server's is a server certificate with its key that has not expired. The client side is an
// authority, or the server's own certificate for what issued it.
func TestCheckCertificates(t *testing.T) {
	t.Parallel()
	ca := Certificate{ID: "cert-ca", Use: UseAuthority, PEM: "CA", NotAfter: now.Add(time.Hour)}
	server := Certificate{ID: "cert-s", Use: UseServer, HasKey: true, Chain: "CA", NotAfter: now.Add(time.Hour)}
	with := func(c Certificate, f func(*Certificate)) Certificate { f(&c); return c }
	mutual := Endpoint{ClientCA: "cert-ca"}
	for name, c := range map[string]struct {
		server, client Certificate
		field, words   string
	}{
		"authority":              {server, ca, "", ""},
		"server for both":        {server, server, "", ""},
		"expires this instant":   {with(server, func(c *Certificate) { c.NotAfter = now }), ca, "", ""},
		"authority as server":    {ca, ca, "certificate", "not a server certificate"},
		"client as server":       {with(server, func(c *Certificate) { c.Use = UseClient }), ca, "certificate", "not a server certificate"},
		"no key":                 {with(server, func(c *Certificate) { c.HasKey = false }), ca, "certificate", "not kept here"},
		"expired":                {with(server, func(c *Certificate) { c.NotAfter = now.Add(-time.Second) }), ca, "certificate", "expired on 20 November 2026"},
		"client's with a chain":  {server, Certificate{ID: "cert-c", Use: UseClient, Chain: "CA", NotAfter: now.Add(time.Hour)}, "", ""},
		"client's has expired":   {server, Certificate{ID: "cert-c", Use: UseClient, Chain: "CA", NotAfter: now.Add(-time.Second)}, "client_ca", "expired"},
		"client's without chain": {server, with(ca, func(c *Certificate) { c.Use = UseClient }), "client_ca", "Import it with its chain"},
		"another server":         {server, with(server, func(c *Certificate) { c.ID = "cert-o" }), "client_ca", "the server certificate itself"},
		"both without a chain":   {with(server, func(c *Certificate) { c.Chain = "" }), with(server, func(c *Certificate) { c.Chain = "" }), "client_ca", "no chain"},
		"authority expired":      {server, with(ca, func(c *Certificate) { c.NotAfter = now.Add(-time.Second) }), "client_ca", "expired"},
		"server, client gone":    {with(server, func(c *Certificate) { c.HasKey = false }), Certificate{}, "certificate", "not kept here"},
		"client, server gone":    {Certificate{}, with(server, func(c *Certificate) { c.Chain = "" }), "client_ca", "no chain"},
		"both gone":              {Certificate{}, Certificate{}, "", ""},
	} {
		wantBad(t, name, mutual.CheckCertificates(c.server, c.client, false, now), c.field, c.words)
	}
	wantBad(t, "public authority", mutual.CheckCertificates(server, ca, true, now), "client_ca", "Choose an authority of your own")
	wantBad(t, "server's public authority", mutual.CheckCertificates(server, server, true, now), "client_ca", "must come from an authority of your own")
	wantBad(t, "no client certificates", Endpoint{Directory: "d-1"}.CheckCertificates(server, Certificate{}, true, now), "", "")
	wantBad(t, "no client certificates, no key", Endpoint{Directory: "d-1"}.CheckCertificates(with(server, func(c *Certificate) { c.HasKey = false }), Certificate{}, false, now), "certificate", "not kept here")
}

// Names change without a restart; the certificate and the port restart workers and are a new
// generation. A refused edit changes nothing, and one from an old form is stale.
func TestEditEndpoint(t *testing.T) {
	t.Parallel()
	base := newEndpoint(t)
	same := EndpointEdit{Version: 1, Name: base.Name, Certificate: base.Certificate, Port: "443", ClientOptions: base.ClientOptions}
	for name, c := range map[string]struct {
		change   func(*EndpointEdit)
		restarts bool
		kind     Kind
		field    string
	}{
		"nothing":         {func(*EndpointEdit) {}, false, Internal, ""},
		"name":            {func(in *EndpointEdit) { in.Name, in.Description = "other", "about" }, false, Internal, ""},
		"port":            {func(in *EndpointEdit) { in.Port = "1194" }, true, Internal, ""},
		"default port":    {func(in *EndpointEdit) { in.Port = "" }, false, Internal, ""},
		"certificate":     {func(in *EndpointEdit) { in.Certificate = "cert-2" }, true, Internal, ""},
		"options":         {func(in *EndpointEdit) { in.SourceNAT = false }, false, Internal, ""},
		"bad option":      {func(in *EndpointEdit) { in.Name, in.SessionTimeout = "other", 0 }, false, Invalid, "session_timeout"},
		"older version":   {func(in *EndpointEdit) { in.Version = 0; in.Name = "other" }, false, Stale, ""},
		"newer version":   {func(in *EndpointEdit) { in.Version = 2; in.Name = "other" }, false, Stale, ""},
		"bad port":        {func(in *EndpointEdit) { in.Name, in.Port = "other", "x" }, false, Invalid, "port"},
		"bad name":        {func(in *EndpointEdit) { in.Description, in.Name = "other", "<" }, false, Invalid, "name"},
		"bad description": {func(in *EndpointEdit) { in.Name, in.Description = "other", "a\nb" }, false, Invalid, "description"},
		"no certificate":  {func(in *EndpointEdit) { in.Name, in.Certificate = "other", "" }, false, Invalid, "certificate"},
	} {
		e, in := base, same
		c.change(&in)
		restarts, err := e.Edit(in)
		if c.kind != Internal {
			if KindOf(err) != c.kind || (c.field != "" && FieldsOf(err)[c.field] == "") {
				t.Errorf("%s: got %v", name, err)
			}
			if !equalEndpoints(e, base) {
				t.Errorf("%s: refused, yet the endpoint is changed: %+v", name, e)
			}
			continue
		}
		generation := base.Generation
		if c.restarts || in.ClientOptions != base.ClientOptions {
			generation++
		}
		if err != nil || e.ClientOptions != in.ClientOptions || restarts != c.restarts || e.Version != 2 || e.Generation != generation || e.Name != in.Name || e.Certificate != in.Certificate {
			t.Errorf("%s: got %v, %v, %+v", name, restarts, err, e)
		}
		if e.ClientCA != e.Certificate {
			t.Errorf("%s: the server's own authority did not follow", name)
		}
	}
	e := base
	e.ClientCA = "cert-ca"
	if _, err := e.Edit(EndpointEdit{Version: 1, Certificate: "cert-2", ClientOptions: DefaultOptions()}); err != nil || e.ClientCA != "cert-ca" {
		t.Errorf("an authority of its own: got %s, %v", e.ClientCA, err)
	}
}

func equalEndpoints(a, b Endpoint) bool {
	return a.Name == b.Name && a.Description == b.Description && a.Certificate == b.Certificate && a.ClientCA == b.ClientCA &&
		a.Listen == b.Listen && a.ClientOptions == b.ClientOptions && a.Generation == b.Generation && a.Version == b.Version && a.Deleting == b.Deleting && len(a.Tags) == len(b.Tags)
}

func TestRetag(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	wantRefused(t, "old form", e.Retag(0, nil), Stale, "Another administrator changed this endpoint")
	wantBad(t, "bad tag", e.Retag(1, []Tag{{"", "v"}}), "tags", "no key")
	if err := e.Retag(1, []Tag{{"a", "b"}}); err != nil || len(e.Tags) != 1 || e.Version != 2 || e.Generation != 1 {
		t.Errorf("got %v, %+v", err, e)
	}
}

// Deleting asks for the word, and for an endpoint without target networks; then nothing changes any more.
func TestMarkDeleting(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	wantRefused(t, "associated", e.MarkDeleting("delete", 1), Conflict, "Disassociate all target networks first")
	for _, typed := range []string{"", "Delete", "del", "delete me"} {
		wantBad(t, typed, e.MarkDeleting(typed, 0), "confirm", "Type the word delete")
	}
	if e.Deleting || e.Generation != 1 {
		t.Errorf("changed by refusals: %+v", e)
	}
	if err := e.MarkDeleting(" delete ", 0); err != nil || !e.Deleting || e.Generation != 2 || e.State(nil, Observation{}) != EndpointDeleting {
		t.Errorf("got %v, %+v", err, e)
	}
	n := newNetwork(t, "10.0.0.0/16")
	_, errEdit := e.Edit(EndpointEdit{Version: e.Version, Certificate: "cert-1"})
	_, _, errAssociate := e.Associate(n, newSubnet(t, n, "10.0.0.0/24", "a"), nil, now)
	_, errRule := e.Authorize(RuleSpec{Destination: "10.0.0.0/16", AllUsers: true}, nil, testQuotas, now)
	_, errRoute := addRoute(&e, RouteSpec{Destination: "10.20.0.0/22", Targets: []string{LocalTarget}}, nil, nil, testQuotas, now)
	for what, err := range map[string]error{
		"edit": errEdit, "associate": errAssociate, "rule": errRule, "route": errRoute,
		"tags": e.Retag(e.Version, nil), "delete": e.MarkDeleting("delete", 0),
	} {
		wantRefused(t, what, err, Conflict, "is being deleted")
	}
	if e.Generation != 2 {
		t.Errorf("generation %d", e.Generation)
	}
}
