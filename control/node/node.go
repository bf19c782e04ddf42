package node

import (
	"context"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// View is the state of this node's dataplane as the console shows it.
type View struct {
	Name      string
	Zones     []string
	Reachable bool
	Status    vpn.NodeStatus // the last answer, also after the dataplane stopped answering
	SeenAt    time.Time      // when the last answer came; zero: none since this process started
	Message   string         // the most important thing that is wrong; "" where nothing is
	Since     time.Time      // since when it is wrong, as far as this process knows
}

// Node tells the state of the dataplane, by an answer that is at most a few seconds old.
func (s *Service) Node(ctx context.Context, by control.Principal) (View, error) {
	if err := by.May(vpn.DescribeNode, ""); err != nil {
		return View{}, err
	}
	return s.State(ctx), nil
}

// State is Node without asking for permission.
func (s *Service) State(ctx context.Context) View {
	v := s.watch.view(ctx)
	v.Name, v.Zones = s.name, slices.Clone(s.zones)
	if f, wrong := s.core.StoreFault(); wrong {
		v.Status.Faults = append([]vpn.Fault{f}, v.Status.Faults...)
		if v.Reachable { // otherwise the dataplane that does not answer is more important
			v.Message, v.Since = f.Message, f.Since
		}
	}
	return v
}

// Ask asks the dataplane now and keeps the answer for the pages.
func (s *Service) Ask(ctx context.Context) (vpn.NodeStatus, error) { return s.watch.ask(ctx) }
