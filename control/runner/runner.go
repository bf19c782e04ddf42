package runner

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/control/node"
	"sallyport/control/signin"
	"sallyport/vpn"
)

// Config is what the runner needs. Every field but KeepChanges is required.
type Config struct {
	Core      *control.Core
	Dataplane Dataplane
	Node      *node.Service
	NodeName  string
	Prover    Prover
	SignIns   *signin.Service
	// Directories are where users with sessions are looked up again.
	Directories Directories
	Metadata    Metadata
	// Certificates renew themselves.
	Certificates Certificates
	Limits       vpn.SessionLimits
	// KeepChanges is how long audit records of changes are kept; 0: for ever.
	KeepChanges time.Duration
	// DeviceDelay is how long the first association of an endpoint waits before it is sent. The endpoint's devices appear
	// then, and a browser on this host gives up what it loads while a device appears (Chromium: ERR_NETWORK_CHANGED), which
	// would be the page that answers the association.
	DeviceDelay time.Duration
}

// Runner does what the program does by itself on one node: Reconcile, Follow, Housekeep, LookUp and LookAtMetadata each run
// until their context ends.
type Runner struct {
	core         *control.Core
	dataplane    Dataplane
	watch        *node.Service
	node         string
	prover       Prover
	signIns      *signin.Service
	directories  Directories
	metadata     Metadata
	certificates Certificates
	lookedUp     map[vpn.DirectoryID]bool // those of which a pass is noted; LookUpOnce alone uses it
	limits       vpn.SessionLimits

	keepChanges time.Duration
	deviceDelay time.Duration

	before sync.Once // guards seen: the first of Reconcile and Housekeep reads it, before an observation is stored
	seen   time.Time // lastRun
}

// New makes the runner of a node.
func New(c Config) *Runner {
	return &Runner{core: c.Core, dataplane: c.Dataplane, watch: c.Node, node: c.NodeName, prover: c.Prover, signIns: c.SignIns, directories: c.Directories, metadata: c.Metadata, certificates: c.Certificates, lookedUp: map[vpn.DirectoryID]bool{}, limits: c.Limits, keepChanges: c.KeepChanges, deviceDelay: c.DeviceDelay}
}

// Dataplane is the root process of the node. The error of every method is a *vpn.Error of kind
// Unavailable where it does not answer.
type Dataplane interface {
	// Apply sends the whole desired state; Stale where the dataplane has a newer one.
	Apply(ctx context.Context, d vpn.Desired) error
	// Forget ends an endpoint: sessions, workers, rules. Idempotent.
	Forget(ctx context.Context, id vpn.EndpointID) error
	// Events yields what happened after the given event, then waits for more until ctx ends or
	// the connection breaks, which is the last thing it yields. An unknown epoch starts from the
	// oldest event that is kept.
	Events(ctx context.Context, epoch string, after uint64) iter.Seq2[vpn.Event, error]
	// Acknowledge lets the dataplane forget events up to and including seq.
	Acknowledge(ctx context.Context, epoch string, seq uint64) error
	// Logins yields the logins that wait for Decide, then each new one, until ctx ends or the
	// connection breaks, which is the last thing it yields. The next call yields those that still
	// wait again. It tells which wait no longer.
	Logins(ctx context.Context) iter.Seq2[vpn.LoginNews, error]
	// Decide answers logins. One failure does not affect the others; NotFound where a client no longer
	// waits.
	Decide(ctx context.Context, ds []vpn.LoginDecision) error
	// Pend has the clients of waiting logins tell their users how to sign in, and wait for that. NotFound where a client no
	// longer waits.
	Pend(ctx context.Context, ps ...vpn.LoginPending) error
	// Terminate ends connections; unknown ones count as ended.
	Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error
	// Identify tells the users of sessions as their directories have them now; unknown sessions are ignored.
	Identify(ctx context.Context, users []vpn.SessionIdentity) error
	// Connections lists every live connection with its present counters.
	Connections(ctx context.Context) ([]vpn.LiveConnection, error)
}

// errorChain is the error with its causes, which Error leaves out for people; for the log.
func errorChain(err error) string {
	text := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += ": " + cause.Error()
	}
	return text
}
