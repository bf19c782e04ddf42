package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Config is what the use cases need. Every field is required except Resolver and Zones.
type Config struct {
	Store     *store.Store
	Dataplane Dataplane
	PKI       PKI
	Log       *slog.Logger
	Now       func() time.Time
	Node      string   // this node's name
	Zones     []string // the availability zones that this node realizes
	Settings  Settings
	Resolver  Resolver // nil: public names are not looked up
	Limits    SessionLimits
}

// Service is the set of use cases. It keeps nothing that matters between calls: caches and
// throttles only.
type Service struct {
	store     *store.Store
	dataplane Dataplane
	pki       PKI
	log       *slog.Logger
	now       func() time.Time
	node      string
	zones     []string
	nodes     *nodeWatch
	settings  Settings
	names     *nameChecker
	limits    SessionLimits
	passwords *passwordHasher
	signIns   *throttle
	live      *liveCache
	wake      chan struct{} // the reconciler's doorbell, one ring remembered
}

// New makes the use cases.
func New(c Config) *Service {
	return &Service{
		store: c.Store, dataplane: c.Dataplane, pki: c.PKI, log: c.Log, now: c.Now, node: c.Node, zones: c.Zones,
		nodes:    &nodeWatch{dataplane: c.Dataplane, now: c.Now},
		settings: c.Settings, limits: c.Limits,
		names:     newNameChecker(c.Resolver, c.Now),
		passwords: newPasswordHasher(),
		signIns:   newThrottle(c.Now),
		live:      &liveCache{dataplane: c.Dataplane, now: c.Now},
		wake:      make(chan struct{}, 1),
	}
}

// Settings are the deployment's names (DESIGN section 4) and what the settings page shows.
type Settings struct {
	PublicName      string // host name or address in profiles
	VPNDomain       string // where set and PublicName is not, profiles have <endpoint-id>.<domain>
	PublicURL       string // base of the pages that users and IdPs open
	FallbackAddress string // this host's own address, for profiles while neither name is set
	Version         string
	Reserved        []vpn.Reservation // ports of this host that no endpoint may have
}

// Settings gives the deployment's names.
func (s *Service) Settings() Settings { return s.settings }

// nudge wakes the reconciler after a change.
func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Actor is who asks. The front door makes it from the session it has checked.
type Actor struct {
	ID       vpn.AdministratorID
	Username string
	Role     vpn.Role
	Source   string // address of the client
	Request  string // request ID
}

// system acts for the program itself: reconciliation, purges, command line.
func system(request string) Actor {
	return Actor{Username: "system", Role: vpn.RoleAdministrator, Source: "local", Request: request}
}

func (a Actor) maySee() error {
	if !a.Role.Valid() {
		return vpn.Refuse(vpn.Denied, "UnauthorizedOperation", "Sign in first.")
	}
	return nil
}

func (a Actor) mayChange() error {
	if err := a.maySee(); err != nil {
		return err
	}
	if !a.Role.MayChange() {
		return vpn.Refuse(vpn.Denied, "UnauthorizedOperation", "Your account is read-only. Ask an administrator to make this change.")
	}
	return nil
}

// read runs reads for an actor who may see.
func (s *Service) read(ctx context.Context, by Actor, f func(*store.Tx) error) error {
	if err := by.maySee(); err != nil {
		return err
	}
	return s.store.View(ctx, f)
}

// change runs one change and its audit record in one transaction, then wakes the reconciler. A
// refusal for want of permission is recorded too.
func (s *Service) change(ctx context.Context, by Actor, action string, f func(*store.Tx, *vpn.AuditRecord) error) error {
	if err := by.mayChange(); err != nil {
		s.auditRefusal(ctx, by, action, err)
		return err
	}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		record := s.record(by, action)
		if err := f(tx, &record); err != nil {
			return err
		}
		return tx.Audit(ctx, record)
	})
	if err == nil {
		s.nudge()
	}
	return err
}

func (s *Service) record(by Actor, action string) vpn.AuditRecord {
	return vpn.AuditRecord{At: s.now(), Actor: by.Username, Source: by.Source, Request: by.Request, Action: action, Result: "ok"}
}

func (s *Service) auditRefusal(ctx context.Context, by Actor, action string, cause error) {
	record := s.record(by, action)
	record.Result = cause.Error()
	s.auditAlone(ctx, record)
}

// auditAlone writes a record that no change goes with.
func (s *Service) auditAlone(ctx context.Context, record vpn.AuditRecord) {
	ctx = context.WithoutCancel(ctx) // hanging up does not keep an attempt out of the trail
	if err := s.store.Update(ctx, func(tx *store.Tx) error { return tx.Audit(ctx, record) }); err != nil {
		s.log.ErrorContext(ctx, "audit record of a refusal was not written", "action", record.Action, "err", err)
	}
}

// Refuse records that an actor was kept from a change by the role of their account, and gives the
// error to answer with. A front door calls it where it turns a request away before any use
// case; subject is what the request named.
func (s *Service) Refuse(ctx context.Context, by Actor, action, subject string) error {
	refused := vpn.Refuse(vpn.Denied, "UnauthorizedOperation", "Your account is read-only: it sees everything and changes nothing.")
	record := s.record(by, action)
	record.Subject, record.Result = subject, refused.Error()
	s.auditAlone(ctx, record)
	return refused
}

// describe is the audit's picture of a value; secrets marshal as stars.
func describe(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
