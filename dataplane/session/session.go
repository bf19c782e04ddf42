// Package session keeps the sessions of an endpoint: who was let in, under which address, at which
// worker. It makes no kernel call and writes no file; the endpoint does both.
package session

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// Session is a client that was let in. It is in the journal before the client is told, and stays
// there, marked as ended, until its address may be used again. The journal's field names are read
// by other versions of the program.
type Session struct {
	Connection  vpn.ConnectionID  `json:"connection"`
	Session     vpn.SessionID     `json:"session"`
	Endpoint    vpn.EndpointID    `json:"endpoint"`
	Association vpn.AssociationID `json:"association"`
	User        vpn.Identity      `json:"user"`
	Addr        netip.Addr        `json:"addr"`
	Peer        netip.AddrPort    `json:"peer"`                  // the client's outer address
	Began       time.Duration     `json:"began"`                 // the login, in Uptime; negative where the host was started since; 0: not known
	Ends        time.Duration     `json:"ends"`                  // likewise
	Token       string            `json:"token"`                 // OpenVPN's session ID: the client returns with it
	Certificate string            `json:"certificate,omitempty"` // vpn.LoginRequest.CertificateKey; empty in journals of earlier versions
	CommonName  string            `json:"common_name,omitempty"` // of the certificate; see Table.add
	LoginName   string            `json:"login_name,omitempty"`  // what was typed at the login, where the endpoint asks for a user name
	Named       bool              `json:"named"`                 // the client has a user name, which its token is bound to
	Platform    string            `json:"platform,omitempty"`    // as the client says; see Free
	Instance    string            `json:"instance"`
	Device      string            `json:"device"`
	CID         ovpn.CID          `json:"cid"`
	KID         ovpn.KID          `json:"kid"`
	Established bool              `json:"established"` // the tunnel was up at least once
	Before      vpn.Counters      `json:"before"`      // what earlier workers counted
	Ended       bool              `json:"ended"`       // reported to web; the address is not free yet
	// AwayAt is when the client went out of reach, in Uptime; 0 while a worker has it.
	AwayAt time.Duration `json:"away_at,omitzero"`
	// Joined is when the present worker got the client, in Uptime; 0 in journals of earlier versions.
	Joined time.Duration `json:"joined,omitzero"`
	// Told is the generation of the desired state that the client was told when it was last let in; 0 in journals of
	// earlier versions.
	Told uint64 `json:"told,omitzero"`

	up       bool          // the tunnel is up at the present worker
	asked    bool          // the client was asked to connect again, and has not yet
	received uint64        // what the present worker received from the client
	heard    time.Duration // when that was last seen to grow, in Uptime
	listed   time.Duration // when the present worker last told what it received, in Uptime; 0: it has not yet
	unheard  bool          // nothing came from the client since its login was granted, which had waited for a person
}

// Client is how a worker's events name a client: a CID is valid for one run of a process only.
type Client struct {
	Instance string // the run
	CID      ovpn.CID
}

// Client names the session's client.
func (s Session) Client() Client { return Client{s.Instance, s.CID} }

// Away tells whether the client is out of reach: nothing passes, and its connection is kept for its return.
func (s Session) Away() bool { return s.AwayAt > 0 }

// Proves tells whether a client is the session's: it has the user name and the certificate of the login. Of a session in the
// journal of an earlier version the common name of the certificate is known alone.
func (s Session) Proves(commonName, loginName, certificate string) bool {
	return s.CommonName == commonName && s.LoginName == loginName && (s.Certificate == "" || s.Certificate == certificate)
}

// Up tells whether the tunnel is up at the present worker.
func (s Session) Up() bool { return s.up }

// Expired tells whether the session has reached its maximum duration.
func (s Session) Expired() bool { return Uptime() > s.Ends }

// Event reports the session as established.
func (s Session) Event() vpn.Event {
	return vpn.Event{Established: &vpn.Established{Connection: s.Connection, Endpoint: s.Endpoint, Association: s.Association, ClientIP: s.Addr, Device: s.Peer}}
}

// Uptime is the time since the host started, suspension included. Sessions end by it, so that a
// change of the host's clock neither ends nor prolongs one. It continues over restarts of this
// process, and a restart of the host empties the run directory that its values are kept in.
func Uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0 // cannot happen: Linux has this clock since 2.6.39
	}
	return time.Duration(ts.Nano())
}
