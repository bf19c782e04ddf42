// Package controltest is what tests of use cases and of the console stand on: every use case over a
// real SQLite database, with a dataplane and a clock that the test moves.
package controltest

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/branding"
	"sallyport/control/certificate"
	"sallyport/control/device"
	"sallyport/control/endpoint"
	"sallyport/control/identity"
	"sallyport/control/installer"
	"sallyport/control/network"
	"sallyport/control/node"
	"sallyport/control/portal"
	"sallyport/control/probe"
	"sallyport/control/quickstart"
	"sallyport/control/runner"
	"sallyport/control/search"
	"sallyport/control/setting"
	"sallyport/control/signin"
	"sallyport/control/tutorial"
	"sallyport/control/user"
	"sallyport/pki"
	"sallyport/store"
	"sallyport/vpn"
)

// Password is the password of each account that the kit makes.
const Password = "correct horse battery"

// PublicURL is the base of the public pages.
const PublicURL = "https://vpn.example.test"

// KeepChanges is how long audit records of changes are kept.
const KeepChanges = 365 * 24 * time.Hour

// Limits are the limits of console sessions.
var Limits = vpn.SessionLimits{Idle: time.Hour, Absolute: 8 * time.Hour}

// Services are all use cases and the runner of a node.
type Services struct {
	Core         *control.Core
	Access       *access.Service
	Networks     *network.Service
	Certificates *certificate.Service
	Identity     *identity.Service
	SignIns      *signin.Service
	Portal       *portal.Service
	Devices      *device.Service
	Branding     *branding.Service
	Installers   *installer.Service
	Users        *user.Service
	Endpoints    *endpoint.Service
	Nodes        *node.Service
	Settings     *setting.Service
	Tutorial     *tutorial.Service
	Search       *search.Service
	QuickStart   *quickstart.Service
	Probes       *probe.Service
	Runner       *runner.Runner
}

// Options change how the use cases of a kit are made.
type Options struct {
	Store    *store.Store      // nil: the kit's own
	Settings *control.Settings // nil: a public name and a version
	Resolver endpoint.Resolver // nil: names are not looked up
}

// Kit is a database with the use cases over it.
type Kit struct {
	T testing.TB
	Services
	Store     *store.Store
	Path      string  // of the SQLite file
	Raw       *sql.DB // the same file, to see and to break every row
	Dataplane *Dataplane
	Directory *Directory // of every directory that is created
	SAML      *SAML
	Provider  *SignInProvider // of every sign-in in a browser
	Clock     *Clock
	Log       *Log
	Admin     control.Principal // administrator "admin", where the kit has accounts
	ReadOnly  control.Principal // read-only account "reader"
}

// New makes a kit without accounts, whose clock stands still.
func New(t testing.TB) *Kit {
	t.Helper()
	return NewWithClock(t, standingClock())
}

// NewWithClock makes a kit without accounts.
func NewWithClock(t testing.TB, clock *Clock) *Kit {
	t.Helper()
	return newKit(t, clock, "", nil)
}

// NewOn makes a kit without accounts on a database; the kit has no Path and no Raw then. An empty address is a file of
// the kit's own. It counts the queries.
func NewOn(t testing.TB, clock *Clock, dsn string) (*Kit, *atomic.Int64) {
	t.Helper()
	n := &atomic.Int64{}
	return newKit(t, clock, dsn, n), n
}

func newKit(t testing.TB, clock *Clock, dsn string, queries *atomic.Int64) *Kit {
	t.Helper()
	sealer, err := pki.NewSealer(pki.NewSealKey())
	if err != nil {
		t.Fatal(err)
	}
	k := &Kit{T: t, Dataplane: NewDataplane(), Directory: &Directory{}, Provider: &SignInProvider{}, SAML: &SAML{clock: clock}, Clock: clock, Log: &Log{}}
	if dsn == "" {
		k.Path = filepath.Join(t.TempDir(), "test.db")
		dsn = k.Path
	}
	k.Store, err = store.Open(t.Context(), dsn, store.Options{Sealer: sealer, Now: clock.Now, Queries: queries})
	k.Must(err)
	t.Cleanup(func() { _ = k.Store.Close() })
	k.Must(k.Store.Migrate(t.Context()))
	if k.Path == "" {
		k.Services = k.NewServices(Options{})
		return k
	}
	k.Raw, err = sql.Open("sqlite", k.Path+"?_pragma=busy_timeout(5000)")
	k.Must(err)
	t.Cleanup(func() { _ = k.Raw.Close() })
	k.Services = k.NewServices(Options{})
	return k
}

// NewWithAccounts makes a kit with an administrator and a read-only account.
func NewWithAccounts(t testing.TB) *Kit {
	t.Helper()
	return New(t).withAccounts()
}

func (k *Kit) withAccounts() *Kit {
	k.Admin = k.Account("admin", vpn.RoleAdministrator)
	k.ReadOnly = k.Account("reader", vpn.RoleReadOnly)
	return k
}

// NewServices makes another set of use cases over the kit's dataplane and clock.
func (k *Kit) NewServices(o Options) Services {
	if o.Store == nil {
		o.Store = k.Store
	}
	if o.Settings == nil {
		o.Settings = &control.Settings{Given: Given("public_name", "vpn.example.test"), PublicURL: PublicURL, Version: "test"}
	}
	log := slog.New(slog.NewJSONHandler(k.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	core := control.NewCore(o.Store, log, k.Clock.Now, *o.Settings)
	nodes := node.New(core, k.Dataplane, "node-1", []string{"zone-a", "zone-b"})
	users := identity.New(core, k.Directory.Open, k.SAML)
	k.Provider.real(users)
	endpoints := endpoint.New(endpoint.Config{Core: core, Dataplane: k.Dataplane, PKI: pki.Maker{}, Node: nodes, Resolver: o.Resolver})
	certificates := certificate.New(core, pki.Maker{})
	pages := portal.New(portal.Config{Core: core, Prover: users, Providers: k.Provider, Files: endpoints})
	signIns := signin.New(core, k.Provider, k.Provider, pages)
	return Services{
		Core: core, SignIns: signIns, Portal: pages, Branding: branding.New(core), Installers: installer.New(core), Access: access.New(core, Limits), Networks: network.New(core, k.Dataplane), Certificates: certificates,
		Endpoints: endpoints, Devices: device.New(device.Config{Core: core, PKI: pki.Maker{}, Files: endpoints}),
		Users:    user.New(core),
		Identity: users, Nodes: nodes, Settings: setting.New(core), Tutorial: tutorial.New(core), Search: search.New(core), QuickStart: quickstart.New(core, pki.Maker{}, endpoints, k.Dataplane),
		Probes: probe.New(core, k.Dataplane, k.Dataplane.Connect),
		Runner: runner.New(runner.Config{Core: core, Dataplane: k.Dataplane, Node: nodes, NodeName: "node-1", Prover: users, SignIns: signIns, Directories: users, Metadata: users, Certificates: certificates, Limits: Limits, KeepChanges: KeepChanges}),
	}
}

// Woken tells whether the reconciler was woken since the last call.
func (k *Kit) Woken() bool {
	select {
	case <-k.Core.Woken():
		return true
	default:
		return false
	}
}
