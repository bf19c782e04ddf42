package control_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/pki"
	"sallyport/store"
	"sallyport/vpn"
)

const password = "correct horse battery"

// clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// house is the use cases over a real database, with a dataplane and a clock that the test moves.
type house struct {
	t *testing.T
	*control.Service
	db        *store.Store
	path      string
	raw       *sql.DB // the same file, to see every row
	dataplane *fakeDataplane
	clock     *clock
	log       *lockedBuffer
	boss      control.Principal
	reader    control.Principal
}

var limits = control.SessionLimits{Idle: time.Hour, Absolute: 8 * time.Hour}

// newHouse has no accounts.
func newHouse(t *testing.T) *house {
	t.Helper()
	sealer, err := pki.NewSealer(pki.NewSealKey())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dataplane: newFakeDataplane(), clock: &clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}, log: &lockedBuffer{}}
	h.path = filepath.Join(t.TempDir(), "test.db")
	if h.db, err = store.Open(t.Context(), h.path, store.Options{Sealer: sealer, Now: h.clock.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.db.Close() })
	if err := h.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.raw, err = sql.Open("sqlite", h.path+"?_pragma=busy_timeout(5000)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.raw.Close() })
	h.Service = h.service(h.db)
	return h
}

// service is the use cases over a store: the usual one, or one that cannot grow.
func (h *house) service(s *store.Store) *control.Service {
	return control.New(control.Config{
		Store: s, Dataplane: h.dataplane, PKI: pki.Maker{}, Log: slog.New(slog.NewTextHandler(h.log, nil)), Now: h.clock.now, Node: "node-1",
		Settings: control.Settings{PublicName: "vpn.example.test", Version: "test"}, Limits: limits,
	})
}

// staffed has an administrator and a read-only account.
func staffed(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.boss = h.account("boss", vpn.RoleAdministrator)
	h.reader = h.account("reader", vpn.RoleReadOnly)
	return h
}

// account adds an account whose password is cheap to check.
func (h *house) account(name string, role vpn.Role) control.Principal {
	h.t.Helper()
	a := vpn.Administrator{ID: vpn.NewAdministratorID(), Username: name, Role: role, PasswordHash: control.CheapHash(password), CreatedAt: h.clock.now(), Version: 1}
	h.must(h.db.Update(h.t.Context(), func(tx *store.Tx) error { return tx.CreateAdministrator(h.t.Context(), a) }))
	return control.Principal{Kind: control.Administrator, ID: string(a.ID), Name: name, Role: role, Source: "192.0.2.1", Request: "req-" + name}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// site is everything that a tutorial leads to, up to an endpoint with a target network.
type site struct {
	*house
	network           vpn.Network
	a, b, spare       vpn.Subnet // in zone-a and zone-b; one that nobody uses
	ca, server, alice vpn.Certificate
	endpoint          vpn.Endpoint
	association       vpn.Association
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{house: staffed(t)}
	var err error
	ctx := t.Context()
	s.network, err = s.CreateNetwork(ctx, s.boss, vpn.NetworkSpec{Name: "office", CIDRs: "10.0.0.0/16"})
	s.must(err)
	s.a, err = s.CreateSubnet(ctx, s.boss, s.network.ID, vpn.SubnetSpec{Name: "a", CIDR: "10.0.1.0/24", Zone: "zone-a"})
	s.must(err)
	s.b, err = s.CreateSubnet(ctx, s.boss, s.network.ID, vpn.SubnetSpec{Name: "b", CIDR: "10.0.2.0/24", Zone: "zone-b"})
	s.must(err)
	s.ca, err = s.CreateAuthority(ctx, s.boss, control.AuthoritySpec{CommonName: "Our CA", KeyType: vpn.ECDSAP256})
	s.must(err)
	s.server = s.issue(vpn.UseServer, "vpn.example.test")
	s.alice = s.issue(vpn.UseClient, "alice")
	s.endpoint = s.create("main", "10.20.0.0/22", "")
	return s
}

// associated goes on with a target network, and lets the dataplane apply it.
func associated(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.association = s.associate(s.a)
	s.reconcile()
	return s
}

func (s *site) issue(use vpn.CertificateUse, cn string) vpn.Certificate {
	s.t.Helper()
	c, err := s.IssueCertificate(s.t.Context(), s.boss, control.IssueSpec{Authority: s.ca.ID, Use: use, CommonName: cn, KeyType: vpn.ECDSAP256})
	s.must(err)
	return c
}

func (s *site) create(name, cidr, port string) vpn.Endpoint {
	s.t.Helper()
	e, err := s.CreateEndpoint(s.t.Context(), s.boss, vpn.EndpointSpec{Name: name, ClientCIDR: cidr, Certificate: s.server.ID, ClientCA: s.ca.ID, Port: port, ClientOptions: vpn.DefaultOptions()})
	s.must(err)
	return e
}

func (s *site) associate(sub vpn.Subnet) vpn.Association {
	s.t.Helper()
	a, err := s.Associate(s.t.Context(), s.boss, s.endpoint.ID, "", sub.ID)
	s.must(err)
	return a
}

func (s *site) authorize(destination string) vpn.Rule {
	s.t.Helper()
	r, err := s.Authorize(s.t.Context(), s.boss, s.endpoint.ID, vpn.RuleSpec{Destination: destination, AllUsers: true})
	s.must(err)
	return r
}

func (s *site) reconcile() { s.t.Helper(); s.must(s.ReconcileOnce(s.t.Context())) }

func (s *site) view() control.EndpointView {
	s.t.Helper()
	v, err := s.Endpoint(s.t.Context(), s.boss, s.endpoint.ID)
	s.must(err)
	return v
}

// connect lets a client in by the events of its login and its establishment.
func (s *site) connect(cn string) vpn.Connection {
	s.t.Helper()
	s.ask(s.login(cn))
	d := s.dataplane.decisions[len(s.dataplane.decisions)-1]
	if !d.Allow {
		s.t.Fatalf("%s is turned away: %s", cn, d.Reason)
	}
	s.happen(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.endpoint.ID, Association: s.association.ID,
		ClientIP: netip.MustParseAddr("10.20.0.2"), Device: netip.MustParseAddrPort("198.51.100.7:40000")}})
	return s.connection(d.Connection)
}

func (s *site) login(cn string) *vpn.LoginRequest {
	return &vpn.LoginRequest{ID: "login-" + cn, Endpoint: s.endpoint.ID, Device: netip.MustParseAddrPort("198.51.100.7:40000"), CommonName: cn,
		Serial: "7", Platform: "linux", Version: "2.6.14", Deadline: time.Now().Add(time.Minute)}
}

// ask adds waiting logins and lets them be read and decided.
func (s *site) ask(rs ...*vpn.LoginRequest) {
	s.t.Helper()
	s.dataplane.do(func() {
		for _, r := range rs {
			s.dataplane.logins = append(s.dataplane.logins, *r)
		}
	})
	s.happen()
}

// happen adds events to the spool, numbered, and lets them be read.
func (s *site) happen(events ...vpn.Event) {
	s.t.Helper()
	s.dataplane.do(func() {
		for _, e := range events {
			if e.Epoch == "" {
				e.Epoch = "epoch-1"
			}
			if e.Seq == 0 {
				e.Seq = uint64(len(s.dataplane.spool) + 1)
			}
			e.At = s.clock.now()
			s.dataplane.spool = append(s.dataplane.spool, e)
		}
	})
	if err := s.FollowOnce(s.t.Context()); !errors.Is(err, errDown) {
		s.t.Fatalf("reading events: %v", err)
	}
}

func (s *site) connection(id vpn.ConnectionID) (c vpn.Connection) {
	s.t.Helper()
	s.must(s.db.View(s.t.Context(), func(tx *store.Tx) (err error) { c, err = tx.Connection(s.t.Context(), id); return err }))
	return c
}

// rows is every row of every table but the named ones, as text.
func (h *house) rows(but ...string) string {
	h.t.Helper()
	var out strings.Builder
	for _, table := range h.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%' ORDER BY name") {
		skip := false
		for _, b := range but {
			skip = skip || b == table
		}
		if !skip {
			for _, row := range h.query("SELECT * FROM " + table + " ORDER BY rowid") {
				out.WriteString(table + ": " + row + "\n")
			}
		}
	}
	return out.String()
}

func (h *house) query(statement string) []string {
	h.t.Helper()
	rows, err := h.raw.QueryContext(h.t.Context(), statement)
	h.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	h.must(err)
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		words := make([]string, len(values))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", b)
			}
			words[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(words, " | "))
	}
	h.must(rows.Err())
	return out
}

// audit gives the audit records, oldest first.
func (h *house) audit() []vpn.AuditRecord {
	h.t.Helper()
	var page vpn.Page[vpn.AuditRecord]
	h.must(h.db.View(h.t.Context(), func(tx *store.Tx) (err error) {
		page, err = tx.AuditRecords(h.t.Context(), vpn.List{Size: vpn.MaxPageSize})
		return err
	}))
	out := make([]vpn.AuditRecord, len(page.Items))
	for i, r := range page.Items {
		out[len(out)-1-i] = r
	}
	return out
}

func (h *house) lastAudit() vpn.AuditRecord {
	h.t.Helper()
	all := h.audit()
	if len(all) == 0 {
		h.t.Fatal("there is no audit record")
	}
	return all[len(all)-1]
}

// wantKind checks the kind of a refusal and its words.
func (h *house) wantKind(what string, err error, kind vpn.Kind, words string) {
	h.t.Helper()
	if err == nil || vpn.KindOf(err) != kind || !strings.Contains(err.Error(), words) {
		h.t.Errorf("%s: got %v (%s), want %s with %q", what, err, vpn.KindOf(err), kind, words)
	}
}

// withoutAudit runs f while no audit record can be written, to see what remains of the rest.
func (h *house) withoutAudit(f func()) {
	h.t.Helper()
	h.exec("CREATE TRIGGER audit_broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is broken'); END")
	defer h.exec("DROP TRIGGER audit_broken")
	f()
}

func (h *house) exec(statement string) {
	h.t.Helper()
	_, err := h.raw.ExecContext(h.t.Context(), statement)
	h.must(err)
}
