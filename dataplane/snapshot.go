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

// save journals a snapshot unless it equals what was saved last, and gives what the journal has now. A
// failure is not reported: only the next process lacks the snapshot, and the next call tries again.
func (s snapshot) save(j *journal.Journal, name string, last []byte) []byte {
	b, err := json.Marshal(s)
	if err != nil || bytes.Equal(b, last) || j.Put(journal.Snapshots, name, json.RawMessage(b)) != nil {
		return last
	}
	return b
}

// saveSnapshot is called by inspect, and by Release after inspect has ended.
func (e *Engine) saveSnapshot() {
	e.saving.Lock()
	defer e.saving.Unlock()
	e.saved = snapshot{Faults: e.faults.Snapshot(), Repairs: e.repairs.Snapshot()}.save(e.journal, hostSnapshot, e.saved)
}

// saveSnapshot is called by the reconciler only.
func (ep *endpoint) saveSnapshot() {
	r := &ep.reconciler
	r.saved = snapshot{Endpoint: ep.id, Faults: ep.faults.Snapshot(), Paths: r.paths}.save(ep.journal, string(ep.id), r.saved)
}

// loadSnapshots gives the host and each endpoint what the process before saved, and removes the
// snapshots of unknown endpoints.
func (e *Engine) loadSnapshots(ctx context.Context) {
	for _, s := range readJournal[snapshot](ctx, e, journal.Snapshots) {
		ep := e.endpoint(s.Endpoint)
		switch {
		case s.Endpoint == "":
			e.faults.Load(s.Faults)
			e.repairs.Load(s.Repairs)
		case ep != nil:
			ep.faults.Load(s.Faults)
			maps.Copy(ep.reconciler.paths, s.Paths)
		default:
			if err := e.journal.Remove(journal.Snapshots, string(s.Endpoint)); err != nil {
				e.log.WarnContext(ctx, "the snapshot of an unknown endpoint stays in the journal", "endpoint", s.Endpoint, "err", err)
			}
		}
	}
}
