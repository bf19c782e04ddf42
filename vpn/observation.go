package vpn

import "time"

// Observation is what a node's dataplane last reported of one endpoint.
type Observation struct {
	Endpoint EndpointID
	Node     string
	Applied  uint64    // the generation that is in the kernel; 0: nothing is
	SeenAt   time.Time // when the dataplane last answered
	Fresh    bool      // whether that is recent enough to speak of now; set by whoever loads it
	Faults   []Fault
}

// ObservationLife is how long a report speaks for the present. Web asks every second or so;
// after this long without an answer the console no longer claims that anything new was applied.
const ObservationLife = 15 * time.Second

// Fault is something that is wrong at a node, in a sentence for the administrator.
type Fault struct {
	Subject  string    `json:"subject"` // the ID it concerns: an association, rule, route, endpoint; empty for the host
	Sentence string    `json:"sentence"`
	Since    time.Time `json:"since"`
}

// Has tells whether a change of the given generation is in the kernel, as far as is known now.
func (o Observation) Has(generation uint64) bool { return o.Applied >= generation && o.Applied != 0 }

// FaultOf finds what is wrong with a subject.
func (o Observation) FaultOf(subject string) (Fault, bool) {
	for _, f := range o.Faults {
		if f.Subject == subject {
			return f, true
		}
	}
	return Fault{}, false
}

// Waiting says why something is not applied yet, or "" while that is only a matter of a moment.
func (o Observation) Waiting() string {
	switch {
	case o.SeenAt.IsZero():
		return "No dataplane has reported on this endpoint yet."
	case !o.Fresh:
		return "The dataplane has not answered since " + o.SeenAt.UTC().Format("15:04:05 MST") + "; this change waits for it."
	default:
		fault, _ := o.FaultOf(string(o.Endpoint)) // what ails the endpoint holds up all its parts
		return fault.Sentence
	}
}

// State is the endpoint's state, from its associations and what was applied of them.
func (e Endpoint) State(associations []Association, o Observation) EndpointState {
	if e.Deleting {
		return EndpointDeleting
	}
	for _, a := range associations {
		if s, _ := a.State(o); s == Associated {
			return EndpointAvailable
		}
	}
	return EndpointPendingAssociate
}

// Gone tells whether a part that is no longer wanted has left the kernel, so that its row can go.
func (c Change) Gone(o Observation) bool { return c.Removed != 0 && o.Applied >= c.Removed }
