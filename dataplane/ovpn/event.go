package ovpn

import (
	"net/netip"
	"time"
)

type (
	// CID names a client of one worker process. It starts at 0 with each process and again at
	// SIGUSR1: on its own it identifies nothing.
	CID uint64
	// KID names one of a client's key exchanges; a decision is for exactly one.
	KID uint64
)

// Event is what a worker tells unasked; the types below are all there are.
type Event interface{ event() }

type (
	// Hold says that the worker waits for HoldRelease and lets nobody in.
	Hold struct{ Text string }

	// Connect asks for a decision about a new client: Authorize, Deny or PendingAuth.
	Connect struct {
		CID CID
		KID KID
		Env Env
	}

	// Reauth asks for a decision about a client whose keys are renegotiated. To deny it ends
	// the connection at once; to authorize it pushes nothing new, whatever the directives say.
	Reauth struct {
		CID CID
		KID KID
		Env Env
	}

	// Established says that an authorized client can send; Address came before it.
	Established struct {
		CID CID
		Env Env
	}

	// Address says which tunnel address a client holds. It comes again when it is relearned.
	Address struct {
		CID     CID
		Addr    netip.Addr
		Primary bool
	}

	// Disconnect ends a CID. A killed client's comes about five seconds late, after the Connect
	// of the same user's next attempt; that of a client never established has an empty Env.
	Disconnect struct {
		CID CID
		Env Env
	}

	// ByteCount is a client's totals so far: In is what the worker received from it.
	ByteCount struct {
		CID     CID
		In, Out uint64
	}

	// CRResponse answers a CR_TEXT challenge of PendingAuth.
	CRResponse struct {
		CID      CID
		KID      KID
		Response string
		Env      Env
	}

	// Notify is a remark without a client, such as "remote-exit".
	Notify struct{ Severity, Kind, Text string }

	// State is the worker's own progress; it is ready at "CONNECTED".
	State struct {
		At           time.Time
		Name, Detail string
	}

	// Log is one line of the worker's log. It may quote what a client sent.
	Log struct {
		At    time.Time
		Flags string // I information, F fatal, N non-fatal error, W warning, D debug
		Text  string
	}

	// Fatal is the worker's last word.
	Fatal struct{ Text string }

	// Other is a notification that this package has no name for; Kind is its word alone, since
	// its text may be secret.
	Other struct{ Kind string }
)

func (Hold) event()        {}
func (Connect) event()     {}
func (Reauth) event()      {}
func (Established) event() {}
func (Address) event()     {}
func (Disconnect) event()  {}
func (ByteCount) event()   {}
func (CRResponse) event()  {}
func (Notify) event()      {}
func (State) event()       {}
func (Log) event()         {}
func (Fatal) event()       {}
func (Other) event()       {}
func (TLSRefused) event()  {}
