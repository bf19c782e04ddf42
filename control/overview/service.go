// Package overview holds the use case of the console's first page: what needs attention, and who is connected.
package overview

import (
	"context"
	"fmt"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/control/tutorial"
	"sallyport/store"
	"sallyport/vpn"
)

// Service is the use case.
type Service struct {
	core      *control.Core
	endpoints *endpoint.Service
	tutorial  *tutorial.Service
}

// New makes the use case.
func New(core *control.Core, endpoints *endpoint.Service, tutorial *tutorial.Service) *Service {
	return &Service{core, endpoints, tutorial}
}

// Overview is what the first page shows. What concerns the whole node, certificates, directories and providers is in the banner of
// every page.
type Overview struct {
	Attention   []Attention // what failed first
	Endpoints   []vpn.EndpointSummary
	MoreOfThem  int // endpoints that are not among Endpoints
	Counts      endpoint.ConnectionCounts
	Connections []vpn.ConnectionSummary // the newest ones
	Steps       []tutorial.Step
	Unnamed     bool // there is neither a public name nor a VPN domain
}

// Attention is an endpoint that an administrator should look at.
type Attention struct {
	Failed   bool // else it is a warning
	Text     string
	Endpoint vpn.EndpointRef
	Untested bool // it is about target networks, which a test tells more about
}

// How many rows the parts of the page have.
const (
	endpointRows   = 8
	connectionRows = 8
)

// Overview reads all of it.
func (s *Service) Overview(ctx context.Context, by control.Principal) (o Overview, err error) {
	// Those with a trouble come first; the list has one line for each endpoint.
	troubled, err := s.endpoints.Endpoints(ctx, by, vpn.List{Filter: map[string]string{"state": "trouble"}, Size: endpointRows})
	if err != nil {
		return o, err
	}
	all, err := s.endpoints.Endpoints(ctx, by, vpn.List{Size: endpointRows})
	if err != nil {
		return o, err
	}
	seen := map[vpn.EndpointID]bool{}
	for _, e := range append(troubled.Items, all.Items...) {
		if !seen[e.ID] && len(o.Endpoints) < endpointRows {
			seen[e.ID] = true
			o.Endpoints = append(o.Endpoints, e)
		}
	}
	o.MoreOfThem = all.Total - len(o.Endpoints)
	o.Attention = ofEndpoints(o.Endpoints)
	internet, err := s.endpoints.InternetWarnings(ctx, by, o.Endpoints)
	if err != nil {
		return o, err
	}
	for _, e := range o.Endpoints {
		if text := internet[e.ID]; text != "" {
			o.Attention = append(o.Attention, Attention{Text: text, Endpoint: vpn.EndpointRef{ID: e.ID, Name: e.Name}})
		}
	}
	if o.Counts, err = s.endpoints.ConnectionCounts(ctx, by, ""); err != nil {
		return o, err
	}
	newest, err := s.endpoints.Connections(ctx, by, "", vpn.List{Size: connectionRows})
	if err != nil {
		return o, err
	}
	o.Connections = newest.Items
	if o.Steps, err = s.tutorial.GettingStarted(ctx, by); err != nil {
		return o, err
	}
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error {
		d, err := s.core.Deployment(ctx, tx)
		o.Unnamed = !d.Named()
		return err
	})
	return o, err
}

// ofEndpoints lists what is wrong with endpoints: what failed before what may fail.
func ofEndpoints(list []vpn.EndpointSummary) (out []Attention) {
	var warnings []Attention
	for _, e := range list {
		about := vpn.EndpointRef{ID: e.ID, Name: e.Name}
		switch {
		case e.Trouble != "" && !e.Works:
			out = append(out, Attention{Failed: true, Text: joined(e.Trouble, e.Fault), Endpoint: about})
		case e.Fault != "" && !e.OnlyUntested:
			warnings = append(warnings, Attention{Text: e.Fault, Endpoint: about})
		case e.Associations == 0 && !e.Deleting:
			warnings = append(warnings, Attention{Text: "It has no target network: no client can connect.", Endpoint: about})
		}
		if e.Untested > 0 {
			warnings = append(warnings, Attention{Text: untested(e.Untested), Endpoint: about, Untested: true})
		}
	}
	return append(out, warnings...)
}

// joined is a trouble in a few words with its sentence, where there is one.
func joined(trouble, sentence string) string {
	if sentence == "" {
		return trouble
	}
	return trouble + ": " + sentence
}

func untested(n int) string {
	if n == 1 {
		return "The host reaches 1 target network only by its default route, and no test has shown that it does."
	}
	return fmt.Sprintf("The host reaches %d target networks only by its default route, and no test has shown that it does.", n)
}
