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
	Ways     []Way // to the target networks
	Untested int   // how many of Faults are Doubts; the reader adds them, after those that were reported
}

// ObservationLife is how long a report counts as current. Web asks about once a second; after this time without an
// answer the console does not report new changes as applied.
const ObservationLife = 15 * time.Second

// Fault is something that is wrong at a node. Message is a sentence for the administrator.
type Fault struct {
	Subject string    `json:"subject"`  // the ID it concerns: an association, rule, route, endpoint; empty for the host
	Message string    `json:"sentence"` // the key of the first version: journals and rows have it
	Since   time.Time `json:"since"`
	Warning bool      `json:"warning,omitempty"` // the subject may work all the same, and stays in service
}

// Has reports whether the given generation was applied.
func (o Observation) Has(generation uint64) bool { return o.Applied >= generation && o.Applied != 0 }

// FaultOf returns the fault because of which a subject does not work.
func (o Observation) FaultOf(subject string) (Fault, bool) { return o.first(subject, false) }

// WarningOf returns the sentence of a subject's first warning, or "".
func (o Observation) WarningOf(subject string) string {
	f, _ := o.first(subject, true)
	return f.Message
}

func (o Observation) first(subject string, warning bool) (Fault, bool) {
	for _, f := range o.Faults {
		if f.Subject == subject && f.Warning == warning {
			return f, true
		}
	}
	return Fault{}, false
}

// Worst returns the first fault, or the first warning where there is no other.
func (o Observation) Worst() Fault {
	var worst Fault
	for _, f := range o.Faults {
		if !f.Warning {
			return f
		}
		if worst.Message == "" {
			worst = f
		}
	}
	return worst
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
