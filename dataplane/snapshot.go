package dataplane

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"

	"sallyport/dataplane/fault"
	"sallyport/dataplane/journal"
	"sallyport/vpn"
)

// snapshot is what the next process cannot read from the host: since when something is wrong, what
// was repaired, and which interface led to a target network.
type snapshot struct {
	Endpoint vpn.EndpointID               `json:"endpoint,omitzero"` // empty: the host
	Faults   []fault.Entry                `json:"faults,omitempty"`
	Repairs  []vpn.Fault                  `json:"repairs,omitempty"` // the host's, oldest first
	Paths    map[vpn.AssociationID]string `json:"paths,omitempty"`   // an endpoint's
}

// hostSnapshot is the journal name of the host's snapshot; no endpoint ID is like it.
const hostSnapshot = "host"

// saveSnapshot journals m unless it equals what was saved last. A failure is not reported: only the
// next process lacks the snapshot, and the next call tries again.
func (e *Engine) saveSnapshot(name string, m snapshot, last *[]byte) {
	b, err := json.Marshal(m)
	if err != nil || bytes.Equal(b, *last) {
		return
	}
	if e.journal.Put(journal.Snapshots, name, json.RawMessage(b)) == nil {
		*last = b
	}
}

// saveHost is called by inspect, and by Release after inspect has ended.
func (e *Engine) saveHost() {
	e.savedMu.Lock()
	defer e.savedMu.Unlock()
	e.saveSnapshot(hostSnapshot, snapshot{Faults: e.faults.Snapshot(), Repairs: e.repairs.Snapshot()}, &e.saved)
}

// saveEndpoint is called by run only.
func (ep *endpoint) saveEndpoint() {
	ep.saveSnapshot(string(ep.id), snapshot{Endpoint: ep.id, Faults: ep.faults.Snapshot(), Paths: ep.paths}, &ep.saved)
}

// loadSnapshots gives the host and each endpoint what the process before saved, and removes the
// snapshots of unknown endpoints.
func (e *Engine) loadSnapshots(ctx context.Context) {
	for _, m := range readJournal[snapshot](ctx, e, journal.Snapshots) {
		ep := e.endpoint(m.Endpoint)
		switch {
		case m.Endpoint == "":
			e.faults.Load(m.Faults)
			e.repairs.Load(m.Repairs)
		case ep != nil:
			ep.faults.Load(m.Faults)
			maps.Copy(ep.paths, m.Paths)
		default:
			if err := e.journal.Remove(journal.Snapshots, string(m.Endpoint)); err != nil {
				e.log.WarnContext(ctx, "the snapshot of an unknown endpoint stays in the journal", "endpoint", m.Endpoint, "err", err)
			}
		}
	}
}
