// Package quickstart holds the use case that makes a whole VPN by one form: what the guide's tutorial makes step by step
// (guide, "Get started with AWS Client VPN").
package quickstart

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

// PKI makes certificates and keys.
type PKI interface {
	NewAuthority(s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	Issue(authority vpn.KeyPair, use vpn.CertificateUse, s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	Facts(certificate string) (vpn.CertificateFacts, error)
}

// Service is the use case.
type Service struct {
	core      *control.Core
	pki       PKI
	endpoints *endpoint.Service
	router    control.Router
}

// New makes the use case.
func New(core *control.Core, pki PKI, endpoints *endpoint.Service, router control.Router) *Service {
	return &Service{core, pki, endpoints, router}
}

// Proposal is what the form proposes, and what it has to know.
type Proposal struct {
	vpn.QuickStartSpec
	Named      bool           // the public name, or the VPN domain, is set: it is not asked for
	Endpoints  []vpn.Endpoint // that there are already
	OwnAddress string         // what configuration files name without a public name; "" where it is not known
	Used       []netip.Prefix
}

// Proposal gives everything that is not typed. The subnet follows from the network: vpn.ProposeSubnet.
func (s *Service) Proposal(ctx context.Context, by control.Principal) (p Proposal, err error) {
	choices, err := s.endpoints.EndpointChoices(ctx, by, "")
	if err != nil {
		return p, err
	}
	p.Named, p.OwnAddress, p.Used = !choices.Unnamed, choices.OwnAddress, choices.Host.Used
	p.PublicName = vpn.ProposePublicName(p.OwnAddress)
	p.ClientCIDR, p.Port, p.Zone, p.Client = choices.FreeCIDR, choices.FreePortText(), firstZone, vpn.ProposeFirstUser(by.Name)
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) (err error) {
		p.Endpoints, err = tx.AllEndpoints(ctx)
		return err
	})
	return p, err
}

// firstZone is the zone of a deployment that has none yet: the preset of the node's own.
const firstZone = "zone-a"

// Made is what a quick start has made.
type Made struct {
	Endpoint vpn.Endpoint
	Client   vpn.Certificate // with which the first user connects
}

// Start makes a network with a subnet, an authority with a server and a client certificate, an endpoint with the subnet as its target
// network, and a rule that lets all users reach the network: all of it or nothing. Fields: name, cidr, public_name, subnet, zone,
// client_cidr, port, client.
func (s *Service) Start(ctx context.Context, by control.Principal, spec vpn.QuickStartSpec) (made Made, err error) {
	if err := s.core.Allow(ctx, by, vpn.QuickStart, ""); err != nil { // before the work of making keys
		return made, err
	}
	proposal, err := s.Proposal(ctx, by)
	if err != nil {
		return made, err
	}
	typedSubnet := strings.TrimSpace(spec.Subnet) != ""
	spec = complete(spec, proposal)
	network, subnet, wrong := place(spec, proposal.Endpoints, s.core.Now())
	if wrong == nil {
		wrong = vpn.Together(s.checkWay(ctx, spec, subnet, typedSubnet), spec.CheckClients(network))
	}
	keys, err := s.keys(spec, proposal, wrong)
	if err != nil {
		return made, err
	}
	draft, err := s.endpoints.Draft(ctx, vpn.EndpointSpec{
		Name: spec.Name, ClientCIDR: spec.ClientCIDR, Port: spec.Port, Certificate: keys.server.ID, ClientCA: keys.authority.ID, Mutual: true, ClientOptions: options(),
	})
	if err != nil {
		return made, err
	}
	err = s.core.Change(ctx, by, vpn.QuickStart, "", func(tx *store.Tx, a *vpn.AuditRecord) error {
		w := work{s, tx, by, spec}
		taken := w.network(ctx, network, subnet)
		named := w.publicName(ctx, proposal.Named)
		if err := keys.store(ctx, w); err != nil {
			return err
		}
		e, err := w.endpoint(ctx, draft)
		if err := vpn.Together(taken, named, err); err != nil {
			return err
		}
		if err := w.open(ctx, &e, network, subnet); err != nil {
			return err
		}
		a.Subject, a.After = string(e.ID), control.Describe(spec)
		made = Made{e, keys.client}
		return nil
	})
	return made, err
}

// checkWay asks the dataplane by which way the host reaches the subnet. A dataplane that does not answer refuses nothing: it checks
// before it associates the subnet. Fields: those of vpn.QuickStartSpec.CheckWay.
func (s *Service) checkWay(ctx context.Context, spec vpn.QuickStartSpec, subnet vpn.Subnet, typed bool) error {
	if !subnet.CIDR.IsValid() {
		return nil // nothing was typed
	}
	ways, _ := control.FindWays(ctx, s.router, []vpn.Subnet{subnet}, func(x vpn.Subnet) netip.Prefix { return x.CIDR })
	return spec.CheckWay(ways[subnet.CIDR], typed)
}

// options are those of an endpoint that gives access to one network and leaves the rest of the clients' traffic alone.
func options() vpn.ClientOptions {
	o := vpn.DefaultOptions()
	o.SplitTunnel = true
	return o
}

// complete fills in what was not typed.
func complete(spec vpn.QuickStartSpec, p Proposal) vpn.QuickStartSpec {
	or := func(typed *string, proposed string) {
		if *typed = strings.TrimSpace(*typed); *typed == "" {
			*typed = proposed
		}
	}
	or(&spec.Name, "")
	or(&spec.CIDR, "")
	or(&spec.PublicName, "")
	or(&spec.Zone, p.Zone)
	or(&spec.ClientCIDR, p.ClientCIDR)
	or(&spec.Port, p.Port)
	or(&spec.Client, p.Client)
	if network, err := vpn.ParseCIDR(spec.CIDR); err == nil {
		or(&spec.Subnet, vpn.ProposeSubnet(network, p.Used).String())
	}
	return spec
}
