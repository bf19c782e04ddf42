package tutorial

import (
	"context"
	"net/netip"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Step is one step of the tutorial (guide, "Get started with AWS Client VPN"). Whether it is done follows
// from what was applied: a step that is undone is no longer done.
type Step struct {
	Key      Key
	Done     bool
	Next     bool // it is the first that is not done
	Optional bool
	Needed   bool            // of the internet: clients of the endpoint lose it without this step
	Network  vpn.NetworkID   // the network that still needs a subnet; "" for none
	Endpoint vpn.EndpointRef // the endpoint that the step is about; without an ID before there is one
	Note     string
	// Destination is what a rule has to open; zero: it is not known yet.
	Destination netip.Prefix
	Missing     bool // target networks of the endpoint lack a route that others have

	Authority bool               // of the certificates: there is an authority that issues
	Lacks     vpn.CertificateUse // of the certificates: the use of which there is none
}

// Key names a step.
type Key string

// The steps, in the order of the tutorial.
const (
	PublicName    Key = "public-name"
	Prerequisites Key = "prerequisites"
	SignIn        Key = "sign-in"
	Certificates  Key = "certificates"
	Endpoint      Key = "endpoint"
	Association   Key = "association"
	Rule          Key = "rule"
	Internet      Key = "internet"
	Configuration Key = "configuration"
	Connect       Key = "connect"
)

// GettingStarted gives the tutorial's steps for the endpoint that has most of them done.
func (s *Service) GettingStarted(ctx context.Context, by control.Principal) ([]Step, error) {
	var steps []Step
	err := s.core.Read(ctx, by, vpn.DescribeGettingStarted, "", func(tx *store.Tx) error {
		t, err := s.tutorial(ctx, tx)
		steps = t
		return err
	})
	for i := range steps {
		if !steps[i].Done && !steps[i].Optional {
			steps[i].Next = true
			break
		}
	}
	return steps, err
}

func (s *Service) tutorial(ctx context.Context, tx *store.Tx) ([]Step, error) {
	name := Step{Key: PublicName}
	d, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return nil, err
	}
	if name.Done = d.Named(); !name.Done {
		name.Note = "No public name is set."
		if a := s.core.Settings.FallbackAddress; a != "" {
			name.Note = "No public name is set: configuration files would name " + a + ", this host's own address."
		}
	}
	network := Step{Key: Prerequisites}
	networks, err := tx.Networks(ctx, vpn.List{Size: 1})
	if err != nil {
		return nil, err
	}
	subnets, err := tx.CountSubnets(ctx)
	if err != nil {
		return nil, err
	}
	network.Done = subnets > 0
	if networks.Total > 0 && !network.Done {
		n := networks.Items[0]
		network.Network, network.Note = n.ID, "Network "+n.Label()+" has no subnet yet."
	}

	signIn := Step{Key: SignIn, Optional: true}
	if signIn.Done, err = hasProviders(ctx, tx); err != nil {
		return nil, err
	}

	certificates := Step{Key: Certificates}
	servers, err := countUse(ctx, tx, vpn.UseServer)
	if err != nil {
		return nil, err
	}
	clients, err := countUse(ctx, tx, vpn.UseClient)
	if err != nil {
		return nil, err
	}
	authorities, err := countUse(ctx, tx, vpn.UseAuthority)
	if err != nil {
		return nil, err
	}
	rest, mutual, err := s.endpointSteps(ctx, tx, !signIn.Done)
	certificates.Done = servers > 0 && (clients > 0 || !mutual)
	certificates.Authority = authorities > 0
	switch {
	case servers == 0 && authorities > 0:
		certificates.Lacks, certificates.Note = vpn.UseServer, "There is a certificate authority; a server certificate is still missing."
	case servers > 0 && !certificates.Done:
		certificates.Lacks, certificates.Note = vpn.UseClient, "There is a server certificate; a client certificate is still missing."
	}
	return append([]Step{name, network, signIn, certificates}, rest...), err
}

// hasProviders tells whether there is an identity provider.
func hasProviders(ctx context.Context, tx *store.Tx) (bool, error) {
	directories, err := tx.Directories(ctx, vpn.List{Size: 1})
	if err != nil || directories.Total > 0 {
		return err == nil, err
	}
	saml, err := tx.SAMLProviders(ctx, vpn.List{Size: 1})
	return saml.Total > 0, err
}

func countUse(ctx context.Context, tx *store.Tx, use vpn.CertificateUse) (int, error) {
	page, err := tx.Certificates(ctx, vpn.List{Filter: map[string]string{"use": string(use)}, Size: 1})
	return page.Total, err
}

// endpointSteps are the steps from step 2 on, for the endpoint that has most of them done, and whether its clients need
// certificates: as given where there is no endpoint yet.
func (s *Service) endpointSteps(ctx context.Context, tx *store.Tx, given bool) (list []Step, mutual bool, err error) {
	mutual = given
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return nil, mutual, err
	}
	best, bestDone := stepsWithoutEndpoint().list(), -1
	looked, err := s.progress(ctx, tx, firstOnes(all))
	if err != nil {
		return nil, mutual, err
	}
	for _, p := range looked {
		list, done := p.steps().list(), 0
		for _, step := range list {
			if step.Done {
				done++
			}
		}
		if done > bestDone {
			best, bestDone, mutual = list, done, p.endpoint.Mutual()
		}
	}
	return best, mutual, nil
}

// steps are the tutorial's steps that are about one endpoint.
type steps struct {
	endpoint, association, rule, internet, configuration, connect Step
}

func stepsWithoutEndpoint() steps {
	return steps{
		endpoint: Step{Key: Endpoint}, association: Step{Key: Association}, rule: Step{Key: Rule},
		internet: Step{Key: Internet, Optional: true}, configuration: Step{Key: Configuration}, connect: Step{Key: Connect},
	}
}

// list gives the steps in the tutorial's order.
func (s steps) list() []Step {
	return []Step{s.endpoint, s.association, s.rule, s.internet, s.configuration, s.connect}
}
