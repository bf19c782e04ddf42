package dataplane

import (
	"log/slog"
	"time"
)

// Config is what the root process needs.
type Config struct {
	RunDir          string // journals, sockets and workers' directories; workers must be able to pass through
	OpenVPN         string // path of the program; empty looks for it
	AllowOldOpenVPN bool
	Workers         int    // OpenVPN processes of each endpoint; 0: one for each core, at most 4
	HostPolicy      string // path of the policy file, which may be absent
	PacketMark      uint32 // the bit of accepted packets, see nft.OwnedTable; 0: no owned table
	Version         string // of this program
	Log             *slog.Logger
}

// How long things take and may take.
const (
	// reconcileEvery is how often an endpoint is compared with the host without being woken: what
	// somebody changed behind our back is mended within this time.
	reconcileEvery = 5 * time.Second
	// inspectEvery is how often the host itself is looked at.
	inspectEvery = 10 * time.Second
	// applyWait is how long a caller who sends a desired state is kept until it is in effect.
	applyWait = 5 * time.Second
	// decisionWait is how long a login may wait for web: less than the client's own patience.
	decisionWait = 30 * time.Second
	// workerReadyWait is how long a fresh worker may take to listen.
	workerReadyWait = 10 * time.Second
	// resumeWait is how long a connection outlives its worker: twice the time in which a client
	// notices (ping-restart) and is back.
	resumeWait = 75 * time.Second
)
