package worker

import (
	"time"

	"sallyport/dataplane/ovpn"
)

// Event is what happened at a run of a worker. Detail is Resumed, Listed, Ended, or one of ovpn's Connect,
// Reauth, Established, Goodbye, Disconnect, CRResponse, TLSRefused, CipherFailure and Unreadable.
type Event struct {
	Worker   *Worker
	Instance string     // the run of the process: CIDs are valid within it only
	Conn     *ovpn.Conn // the management connection that the answer goes to; nil for Ended
	Detail   any
}

// Resumed says that the management connection to a running process is open again, after a time
// without events. Status is what the process says of its clients, and Left are clients that said goodbye
// in that time.
type Resumed struct {
	Status ovpn.Status
	Left   []Left
}

// Left is a client that said goodbye while no management session was there to read it.
type Left struct {
	ovpn.Goodbye
	At time.Time // to the second
}

// Listed is what a process says of its clients every ten seconds, since a client that changes its
// address causes no event, and where it turned a client away because it was full.
type Listed struct {
	Status ovpn.Status
	Full   bool
}

// Ended says that the process has ended: its clients return within a minute.
type Ended struct {
	Requested bool          // by Stop or by a new configuration
	Reason    string        // how it ended
	Ran       time.Duration // for how long it ran
	Again     time.Duration // when it may be started again
}

// emit sends an event unless the endpoint has ended.
func (w *Worker) emit(instance string, conn *ovpn.Conn, detail any) {
	select {
	case w.events <- Event{Worker: w, Instance: instance, Conn: conn, Detail: detail}:
	case <-w.ctx.Done():
	}
}
