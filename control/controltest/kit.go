// Package controltest is what tests of use cases and of the console stand on: every use case over a
// real SQLite database, with a dataplane and a clock that the test moves.
package controltest

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/endpoint"
	"sallyport/control/network"
	"sallyport/control/node"
	"sallyport/control/runner"
	"sallyport/control/tutorial"
	"sallyport/pki"
	"sallyport/store"
	"sallyport/vpn"
)

// Password is the password of each account that the kit makes.
const Password = "correct horse battery"

// Limits are the limits of console sessions.
var Limits = vpn.SessionLimits{Idle: time.Hour, Absolute: 8 * time.Hour}

// Services are all use cases and the runner of a node.
type Services struct {
	Core         *control.Core
	Access       *access.Service
	Networks     *network.Service
	Certificates *certificate.Service
	Endpoints    *endpoint.Service
	Nodes        *node.Service
	Tutorial     *tutorial.Service
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
	Clock     *Clock
	Log       *Log
	Admin     control.Principal // administrator "boss", where the kit has accounts
	ReadOnly  control.Principal // read-only account "reader"
}

// New makes a kit without accounts, whose clock stands still.
func New(t testing.TB) *Kit {
	t.Helper()
	return NewWithClock(t, &Clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)})
}

// NewWithClock makes a kit without accounts.
func NewWithClock(t testing.TB, clock *Clock) *Kit {
	t.Helper()
	sealer, err := pki.NewSealer(pki.NewSealKey())
	if err != nil {
		t.Fatal(err)
	}
	k := &Kit{T: t, Dataplane: NewDataplane(), Clock: clock, Log: &Log{}, Path: filepath.Join(t.TempDir(), "test.db")}
	k.Store, err = store.Open(t.Context(), k.Path, store.Options{Sealer: sealer, Now: clock.Now})
	k.Must(err)
	t.Cleanup(func() { _ = k.Store.Close() })
	k.Must(k.Store.Migrate(t.Context()))
	k.Raw, err = sql.Open("sqlite", k.Path+"?_pragma=busy_timeout(5000)")
	k.Must(err)
	t.Cleanup(func() { _ = k.Raw.Close() })
	k.Services = k.NewServices(Options{})
	return k
}

// NewWithAccounts makes a kit with an administrator and a read-only account.
func NewWithAccounts(t testing.TB) *Kit {
	t.Helper()
	k := New(t)
	k.Admin = k.Account("boss", vpn.RoleAdministrator)
	k.ReadOnly = k.Account("reader", vpn.RoleReadOnly)
	return k
}

// NewServices makes another set of use cases over the kit's dataplane and clock.
func (k *Kit) NewServices(o Options) Services {
	if o.Store == nil {
		o.Store = k.Store
	}
	if o.Settings == nil {
		o.Settings = &control.Settings{PublicName: "vpn.example.test", Version: "test"}
	}
	log := slog.New(slog.NewJSONHandler(k.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	core := control.NewCore(o.Store, log, k.Clock.Now, *o.Settings)
	nodes := node.New(core, k.Dataplane, "node-1", []string{"zone-a", "zone-b"})
	return Services{
		Core: core, Access: access.New(core, Limits), Networks: network.New(core), Certificates: certificate.New(core, pki.Maker{}),
		Endpoints: endpoint.New(endpoint.Config{Core: core, Dataplane: k.Dataplane, PKI: pki.Maker{}, Node: nodes, Resolver: o.Resolver}),
		Nodes:     nodes, Tutorial: tutorial.New(core),
		Runner: runner.New(runner.Config{Core: core, Dataplane: k.Dataplane, Node: nodes, NodeName: "node-1", Limits: Limits}),
	}
}

// Account adds an account whose password is cheap to check.
func (k *Kit) Account(name string, role vpn.Role) control.Principal {
	k.T.Helper()
	a := vpn.Administrator{ID: vpn.NewAdministratorID(), Username: name, Role: role, PasswordHash: CheapHash(Password), CreatedAt: k.Clock.Now(), Version: 1}
	k.Must(k.Store.Update(k.T.Context(), func(tx *store.Tx) error { return tx.CreateAdministrator(k.T.Context(), a) }))
	return control.Principal{Kind: control.Administrator, ID: string(a.ID), Name: name, Role: role, Source: "192.0.2.1", Request: "req-" + name}
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

// Must ends the test where err is not nil.
func (k *Kit) Must(err error) {
	k.T.Helper()
	if err != nil {
		k.T.Fatal(err)
	}
}

// WantKind checks the kind of a refusal and its words.
func (k *Kit) WantKind(what string, err error, kind vpn.Kind, words string) {
	k.T.Helper()
	if err == nil || vpn.KindOf(err) != kind || !strings.Contains(err.Error(), words) {
		k.T.Errorf("%s: got %v (%s), want %s with %q", what, err, vpn.KindOf(err), kind, words)
	}
}

// SignedIn signs an account in and gives the value of its cookie.
func (k *Kit) SignedIn(name string) string {
	k.T.Helper()
	in, err := k.Access.SignIn(k.T.Context(), access.SignInRequest{Username: name, Password: Password, Source: "192.0.2.1"})
	k.Must(err)
	return in.Token
}

// WantSession checks whether the session of a cookie lives.
func (k *Kit) WantSession(what, token string, want bool) {
	k.T.Helper()
	_, _, err := k.Access.Authenticate(k.T.Context(), token, true)
	switch {
	case want && err != nil:
		k.T.Errorf("%s: the session is over: %v", what, err)
	case !want:
		k.WantKind(what, err, vpn.Denied, "Sign in first")
	}
}
