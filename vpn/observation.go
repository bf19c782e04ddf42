package vpn

import "time"

// Observation is what the dataplane of a node last reported about one endpoint.
type Observation struct {
	Endpoint EndpointID
	Node     string
	Applied  uint64    // the generation that is in the kernel; 0: nothing is
	SeenAt   time.Time // when the dataplane last answered
	Fresh    bool      // whether SeenAt is at most ObservationLife ago; the reader sets it
	Faults   []Fault
}

// ObservationLife is how long a report counts as current. Web asks about once a second; after this time without an
// answer the console does not report new changes as applied.
const ObservationLife = 15 * time.Second

// Fault is something that is wrong at a node. Message is a sentence for the administrator.
type Fault struct {
	Subject string    `json:"subject"`  // the ID it concerns: an association, rule, route, endpoint; empty for the host
	Message string    `json:"sentence"` // the key of the first version: journals and rows have it
	Since   time.Time `json:"since"`
}

// Has reports whether the given generation was applied.
func (o Observation) Has(generation uint64) bool { return o.Applied >= generation && o.Applied != 0 }

// FaultOf returns the fault of a subject.
func (o Observation) FaultOf(subject string) (Fault, bool) {
	for _, f := range o.Faults {
		if f.Subject == subject {
			return f, true
		}
	}
	return Fault{}, false
}

// Waiting returns the reason why a change is not applied yet, or "" where it is expected within seconds.
func (o Observation) Waiting() string {
	switch {
	case o.SeenAt.IsZero():
		return "No dataplane has reported on this endpoint yet."
	case !o.Fresh:
		return "The dataplane has not answered since " + o.SeenAt.UTC().Format("15:04:05 MST") + "; this change waits for it."
	default:
		fault, _ := o.FaultOf(string(o.Endpoint)) // a fault of the endpoint delays all its parts
		return fault.Message
	}
}

// State is the endpoint's state: available once one of its associations is applied.
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
