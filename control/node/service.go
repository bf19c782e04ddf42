// Package node tells the state of this node's dataplane.
package node

import (
	"context"

	"sallyport/control"
	"sallyport/vpn"
)

// Dataplane answers how the node is.
type Dataplane interface {
	// Status is Unavailable where the dataplane does not answer.
	Status(ctx context.Context) (vpn.NodeStatus, error)
}

// Service is the use cases of the node. It keeps the last answer of the dataplane.
type Service struct {
	core  *control.Core
	name  string
	zones []string
	watch *watch
}

// New makes the use cases; zones are the availability zones that the node realizes.
func New(core *control.Core, dataplane Dataplane, name string, zones []string) *Service {
	return &Service{core: core, name: name, zones: zones, watch: &watch{dataplane: dataplane, now: core.Now}}
}
