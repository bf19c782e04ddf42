package vpn

import (
	"net/netip"
	"reflect"
	"slices"
	"time"
)

// Aspect is one thing of an endpoint that a change can change. That of an option has its JSON key.
type Aspect string

// The aspects that are no options.
const (
	AspectPort            Aspect = "port"
	AspectCertificate     Aspect = "certificate"
	AspectRemote          Aspect = "remote"
	AspectServerAuthority Aspect = "server_authority"
	AspectCommonName      Aspect = "common_name"
	AspectClientAuthority Aspect = "client_authority"
	AspectKey             Aspect = "tls_crypt"
	AspectMFA             Aspect = "mfa" // of the endpoint's directory
	AspectRoutes          Aspect = "routes"
)

// aspectLabels are the names of the aspects in sentences: the labels of the form where it has them.
var aspectLabels = map[Aspect]string{
	AspectPort: "VPN port", AspectCertificate: "Server certificate", AspectRemote: "Remote name",
	AspectServerAuthority: "Authority of the server certificate", AspectCommonName: "Common name of the server certificate",
	AspectClientAuthority: "Authority of the client certificates", AspectKey: "Key of the configuration files",
	AspectMFA: "Multi-factor authentication", AspectRoutes: "Route table",
}

// Label is the aspect in words.
func (a Aspect) Label() string {
	if label, known := aspectLabels[a]; known {
		return label
	}
	for _, o := range optionAspects {
		if o.aspect == a {
			return o.label
		}
	}
	return string(a)
}

// How a change of an option gets to the sessions that run.
type optionWay int

const (
	atOnce         optionWay = iota // it acts on them, and interrupts none
	nextConnection                  // their clients are told when they connect
	nextSession                     // it holds for sessions that begin later; see Effect.EndsOlder for the exception
)

// optionAspects has every field of ClientOptions. told is what of the options the field has a part in: a field that
// changes while told does not (a DNS server, while DNS servers are off) has no effect.
var optionAspects = []struct {
	aspect Aspect
	label  string
	way    optionWay
	value  func(ClientOptions) any
	told   func(ClientOptions) any
}{
	{"split_tunnel", "Split-tunnel", nextConnection, func(o ClientOptions) any { return o.SplitTunnel }, nil},
	{"source_nat", "Source NAT", atOnce, func(o ClientOptions) any { return o.SourceNAT }, nil},
	{"session_timeout", "Session timeout hours", nextSession, func(o ClientOptions) any { return o.SessionTimeout }, nil},
	{"sign_in_again", "Disconnect on session timeout", atOnce, func(o ClientOptions) any { return o.SignInAgain }, nil},
	{"ipv6_outside", "IPv6 of clients", nextConnection, func(o ClientOptions) any { return o.IPv6Outside },
		func(o ClientOptions) any { return o.IPv6Outside && !o.SplitTunnel }},
	{"banner_enabled", "Client login banner", nextConnection, func(o ClientOptions) any { return o.BannerEnabled }, ClientOptions.shownBanner},
	{"banner", "Client login banner text", nextConnection, func(o ClientOptions) any { return o.Banner }, ClientOptions.shownBanner},
	{"dns_enabled", "DNS servers", nextConnection, func(o ClientOptions) any { return o.DNSEnabled }, ClientOptions.toldDNS},
	{"dns1", "DNS Server 1 IP address", nextConnection, func(o ClientOptions) any { return o.DNS1 }, ClientOptions.toldDNS},
	{"dns2", "DNS Server 2 IP address", nextConnection, func(o ClientOptions) any { return o.DNS2 }, ClientOptions.toldDNS},
}

func (o ClientOptions) shownBanner() any {
	if !o.BannerEnabled {
		return ""
	}
	return o.Banner
}

func (o ClientOptions) toldDNS() any { return o.DNSServers() }

// Effect is what a change of an endpoint does to the sessions that run and to the files that were handed out. What
// is announced to the administrator and what is done both come from it (guide, "Modify a Client VPN endpoint").
type Effect struct {
	AtOnce    []Aspect      // act on live sessions at once, and interrupt none
	Cut       []Aspect      // end transfers of live sessions at once, and no session
	Next      []Aspect      // clients learn them with their next connection
	Restart   []Aspect      // restart the workers: every connection is reset at once
	Files     []Aspect      // differ from what handed-out files have, so that those stop working
	EndsOlder time.Duration // live sessions that are older end at once; 0: none
}

// EffectOf compares an endpoint before and after a change.
func EffectOf(before, after Side) Effect {
	var e Effect
	for _, o := range optionAspects {
		was, is := before.Endpoint.ClientOptions, after.Endpoint.ClientOptions
		if reflect.DeepEqual(o.value(was), o.value(is)) || o.told != nil && reflect.DeepEqual(o.told(was), o.told(is)) {
			continue
		}
		switch o.way {
		case atOnce:
			e.AtOnce = append(e.AtOnce, o.aspect)
		case nextConnection:
			e.Next = append(e.Next, o.aspect)
		case nextSession:
		}
	}
	if is := after.Endpoint.SessionTimeout; is < before.Endpoint.SessionTimeout {
		e.EndsOlder = is
	}
	e.routes(before, after)
	for _, w := range []struct {
		aspect Aspect
		differ bool
	}{
		{AspectPort, before.Endpoint.Listen != after.Endpoint.Listen},
		{AspectCertificate, before.Server.PEM != after.Server.PEM || before.Server.Chain != after.Server.Chain},
		{AspectClientAuthority, before.clientAnchors() != after.clientAnchors()},
		{AspectKey, before.Endpoint.TLSCrypt != after.Endpoint.TLSCrypt},
	} {
		if w.differ {
			e.Restart = append(e.Restart, w.aspect)
		}
	}
	parts := after.fileParts()
	for i, p := range before.fileParts() {
		if p.value != parts[i].value {
			e.Files = append(e.Files, p.aspect)
		}
	}
	return e
}

// routes adds what another route table does: the packets of running sessions follow it at once, and clients under
// split-tunnel learn of a destination, or that it is gone, with their next connection.
func (e *Effect) routes(before, after Side) {
	was, is := leads(before.Routes), leads(after.Routes)
	more := slices.ContainsFunc(is, func(l lead) bool { return !slices.Contains(was, l) })
	less := slices.ContainsFunc(was, func(l lead) bool { return !slices.Contains(is, l) })
	if less {
		e.Cut = append(e.Cut, AspectRoutes)
	}
	if more || less && after.Endpoint.SplitTunnel {
		*e = e.Union(after.Endpoint.RoutesEffect())
	}
}

// lead is where the clients of an association are led.
type lead struct {
	association AssociationID
	destination netip.Prefix
}

func leads(routes []Route) []lead {
	var out []lead
	for _, r := range routes {
		if r.Removed == 0 && !r.Local() {
			out = append(out, lead{r.Association, r.Destination})
		}
	}
	return out
}

// Choice tells whether the administrator chooses when clients learn of the change: where the workers restart, they
// learn of it then.
func (e Effect) Choice() bool { return len(e.Next) > 0 && len(e.Restart) == 0 }

// RoutesEffect is the effect of new routes. Their packets pass at once; under split-tunnel a client sends to the tunnel only
// what it was told when it connected.
func (o ClientOptions) RoutesEffect() Effect {
	if o.SplitTunnel {
		return Effect{Next: []Aspect{AspectRoutes}}
	}
	return Effect{AtOnce: []Aspect{AspectRoutes}}
}
