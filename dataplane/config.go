package dataplane

import (
	"cmp"
	"log/slog"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
)

// Config is what the root process needs.
type Config struct {
	RunDir          string // journals, sockets and workers' directories; workers must be able to pass through
	OpenVPN         string // path of the program; empty looks for it
	AllowOldOpenVPN bool
	Workers         int    // OpenVPN processes of each endpoint; 0: one for each core, at most 4
	HostPolicy      string // path of the policy file, which may be absent
	Limits          Limits
	AwayTime        time.Duration // how long a connection is kept for a client that is out of reach
	PacketMark      uint32        // the bit of accepted packets, see nft.OwnedTable; 0: no owned table
	Version         string        // of this program
	Log             *slog.Logger
}

// awayTime is how long a connection is kept for a client that is out of reach.
func (c Config) awayTime() time.Duration { return cmp.Or(c.AwayTime, defaultAwayTime) }

// binary is the path of the OpenVPN program.
func (c Config) binary() string {
	if c.OpenVPN != "" {
		return c.OpenVPN
	}
	return host.OpenVPN()
}

const (
	// reconcileInterval is how often an endpoint is compared with the host without being woken: what
	// another program changed is repaired within this time.
	reconcileInterval = 5 * time.Second
	// inspectInterval is how often the host itself is examined.
	inspectInterval = 10 * time.Second
	// settleTime is how long other programs must have left the packet filter alone before their rules
	// are judged: a reload of ufw, for example, takes a second or two and drops packets meanwhile.
	settleTime = 2 * time.Second
	// sessionInterval is how often sessions are examined for their end.
	sessionInterval = time.Second
	// applyTimeout is how long a caller of Apply waits until the desired state is in effect.
	applyTimeout = 5 * time.Second
	// decisionTimeout is how long a login may wait for web. It is shorter than the client's timeout.
	decisionTimeout = 30 * time.Second
	// proofTimeout is the same for a login that a directory has to prove, patientTimeout where the client can be told to
	// wait longer than its own 60 seconds: directories have several servers, each of which may take seconds to be given up.
	proofTimeout   = 45 * time.Second
	patientTimeout = 90 * time.Second
	// patienceDelay is when a client is told to wait longer. Directories answer most logins before.
	patienceDelay = 5 * time.Second
	// defaultAwayTime is the AwayTime where none is set.
	defaultAwayTime = time.Hour
)

// Limits bound what one address may take of what all share.
type Limits = nft.Limits
