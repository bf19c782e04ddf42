package ovpn

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/vpn"
)

type (
	// CID identifies a client of one worker process. It starts at 0 with each process and again at
	// SIGUSR1, so it is meaningful only together with the process.
	CID uint64
	// KID identifies one key exchange of a client; a decision applies to exactly one.
	KID uint64
)

// Event is a notification of a worker, one of the types below.
type Event interface{ event() }

type (
	// Hold means that the worker waits for HoldRelease and accepts no client.
	Hold struct{ Text string }

	// Connect requests a decision about a new client: Authorize, Deny or PendingAuth.
	Connect struct {
		CID CID
		KID KID
		Env Env
	}

	// Reauth requests a decision about a client whose keys are renegotiated. Deny ends the connection at
	// once; Authorize pushes nothing, even with directives.
	Reauth struct {
		CID CID
		KID KID
		Env Env
	}

	// Established means that an authorized client can send. Its Address event comes before.
	Established struct {
		CID CID
		Env Env
	}

	// Address is the tunnel address of a client. It is repeated when the address is learned again.
	Address struct {
		CID     CID
		Addr    netip.Addr
		Primary bool
	}

	// Goodbye means that a client left by itself. OpenVPN says it in its log only; Disconnect follows at
	// once or within five seconds. A client that falls silent, or ends its TCP connection, says none.
	Goodbye struct {
		CommonName string
		Peer       netip.AddrPort // where its packets came from last
	}

	// CipherFailure means that OpenVPN refuses an authorized client, because they have no data cipher in
	// common. It says so in its log only, and an Established event follows nevertheless.
	CipherFailure struct {
		CommonName string
		Peer       netip.AddrPort
	}

	// Unreadable means that a client sent a packet that is none of IPv4 or IPv6, as one does whose packets have a header that
	// the server does not expect (fragment). Its log has it only.
	Unreadable struct {
		CommonName string
		Peer       netip.AddrPort
	}

	// Disconnect means that a client's connection has ended. For a killed client it comes about five
	// seconds late, after the Connect of the same user's next attempt. Its Env is empty for a client
	// that was never established.
	Disconnect struct {
		CID CID
		Env Env
	}

	// Full means that a client was turned away because the worker has as many as it may. It comes at most
	// once in a second.
	Full struct{}

	// ByteCount holds a client's totals in bytes: In is what the worker received from the client.
	ByteCount struct {
		CID     CID
		In, Out uint64
	}

	// CRResponse is the reply to a CR_TEXT challenge of PendingAuth. A client may send one at any time.
	CRResponse struct {
		CID      CID
		KID      KID
		Response vpn.Secret // base64, as the client sent it; see Text
		Env      Env
	}

	// Notify is a message about no client, such as "remote-exit".
	Notify struct{ Severity, Kind, Text string }

	// State is a state of the worker; at "CONNECTED" it accepts clients.
	State struct {
		At           time.Time
		Name, Detail string
	}

	// Log is one line of the worker's log. It may contain text that a client sent.
	Log struct {
		At    time.Time
		Flags string // I information, F fatal, N non-fatal error, W warning, D debug
		Text  string
	}

	// Fatal is the error at which the worker ends.
	Fatal struct{ Text string }

	// Other is a notification that this package does not know. Kind is its name; its text is dropped,
	// because it may be secret.
	Other struct{ Kind string }
)

// maxResponse is the length in bytes of the longest text that a user is expected to enter, in base64.
const maxResponse = 344

// Text is what the user entered; ok is false where that is no line of text, or too long.
func (r CRResponse) Text() (text vpn.Secret, ok bool) {
	if len(r.Response) > maxResponse {
		return "", false
	}
	b, err := base64.StdEncoding.DecodeString(r.Response.Reveal())
	if s := string(b); err == nil && s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, isControl) {
		return vpn.Secret(s), true
	}
	return "", false
}

func (Hold) event()          {}
func (Connect) event()       {}
func (Reauth) event()        {}
func (Established) event()   {}
func (Address) event()       {}
func (Disconnect) event()    {}
func (Goodbye) event()       {}
func (CipherFailure) event() {}
func (Unreadable) event()    {}
func (ByteCount) event()     {}
func (CRResponse) event()    {}
func (Notify) event()        {}
func (State) event()         {}
func (Log) event()           {}
func (Fatal) event()         {}
func (Other) event()         {}
func (TLSRefused) event()    {}
func (Full) event()          {}
