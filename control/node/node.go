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
	Status    vpn.NodeStatus // the last answer, also where none comes any more
	SeenAt    time.Time      // of that answer; zero: none came since this process started
	Message   string         // what is wrong in the first place; "" where nothing is
	Since     time.Time      // since when it is, as far as this process knows
}

// Node tells how the dataplane is, by an answer that is at most a few seconds old.
func (s *Service) Node(ctx context.Context, by control.Principal) (View, error) {
	if err := by.May(vpn.DescribeNode, ""); err != nil {
		return View{}, err
	}
	return s.State(ctx), nil
}

// State is Node for the program itself.
func (s *Service) State(ctx context.Context) View {
	v := s.watch.view(ctx)
	v.Name, v.Zones = s.name, slices.Clone(s.zones)
	if f, wrong := s.core.StoreFault(); wrong {
		v.Status.Faults = append([]vpn.Fault{f}, v.Status.Faults...)
		if v.Reachable { // otherwise there is worse to tell
			v.Message, v.Since = f.Message, f.Since
		}
	}
	return v
}

// Ask asks the dataplane now and keeps the answer for the pages.
func (s *Service) Ask(ctx context.Context) (vpn.NodeStatus, error) { return s.watch.ask(ctx) }
