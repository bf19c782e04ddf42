package dataplane

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"

	"sallyport/vpn"
)

// memory is what a process that takes over cannot find out by looking at the host: since when
// something is wrong, what was mended, and by which interface a network was once reached.
type memory struct {
	Endpoint vpn.EndpointID               `json:"endpoint,omitzero"` // none: the host
	Faults   []datedFault                 `json:"faults,omitempty"`
	Repairs  []vpn.Fault                  `json:"repairs,omitempty"` // the host's, oldest first
	Paths    map[vpn.AssociationID]string `json:"paths,omitempty"`   // an endpoint's
}

// hostMemory is the name of the host's in the journal; no endpoint's ID is like it.
const hostMemory = "host"

// remember writes m down where it is not what was written last. A disk that is full costs the
// next process these things and nobody anything else, so it is tried again and not told.
func (e *Engine) remember(name string, m memory, last *[]byte) {
	b, err := json.Marshal(m)
	if err != nil || bytes.Equal(b, *last) {
		return
	}
	if e.journal.put(journalMemory, name, json.RawMessage(b)) == nil {
		*last = b
	}
}

// rememberHost is called by inspect, and by Release when that has ended or will not look again.
func (e *Engine) rememberHost() {
	e.memoryMu.Lock()
	defer e.memoryMu.Unlock()
	e.remember(hostMemory, memory{Faults: e.faults.dated(), Repairs: e.repairs.oldestFirst()}, &e.remembered)
}

// rememberEndpoint is run's.
func (ep *endpoint) rememberEndpoint() {
	ep.remember(string(ep.id), memory{Endpoint: ep.id, Faults: ep.faults.dated(), Paths: ep.paths}, &ep.remembered)
}

// recall gives what the process before remembered to whom it concerns. What is told of an endpoint
// that nobody runs any more is dropped.
func (e *Engine) recall(ctx context.Context) {
	for _, m := range readJournal[memory](ctx, e, journalMemory) {
		ep := e.endpoint(m.Endpoint)
		switch {
		case m.Endpoint == "":
			e.faults.expect(m.Faults)
			e.repairs.restore(m.Repairs)
		case ep != nil:
			ep.faults.expect(m.Faults)
			maps.Copy(ep.paths, m.Paths)
		default:
			if err := e.journal.drop(journalMemory, string(m.Endpoint)); err != nil {
				e.log.WarnContext(ctx, "the journal keeps what concerns no endpoint", "endpoint", m.Endpoint, "err", err)
			}
		}
	}
}
