package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Core is what every use case stands on: it asks for permission, runs one transaction, writes the
// audit record in it, and wakes the reconciler.
type Core struct {
	Log      *slog.Logger
	Now      func() time.Time
	Settings Settings
	store    *store.Store
	wake     chan struct{} // holds one wake-up of the reconciler
}

// NewCore makes the core over an open database.
func NewCore(s *store.Store, log *slog.Logger, now func() time.Time, settings Settings) *Core {
	return &Core{Log: log, Now: now, Settings: settings, store: s, wake: make(chan struct{}, 1)}
}

// View runs reads in one snapshot without asking for permission: for what the program does by itself,
// and where it is not known yet who asks.
func (c *Core) View(ctx context.Context, f func(*store.Tx) error) error { return c.store.View(ctx, f) }

// Update runs one transaction without asking for permission and without an audit record.
func (c *Core) Update(ctx context.Context, f func(*store.Tx) error) error {
	return c.store.Update(ctx, f)
}

// StoreFault tells whether nothing can be stored at present, and since when.
func (c *Core) StoreFault() (vpn.Fault, bool) { return c.store.Fault() }

// Nudge wakes the reconciler.
func (c *Core) Nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Woken yields when the reconciler should look.
func (c *Core) Woken() <-chan struct{} { return c.wake }

// Read runs reads in one snapshot for a principal that may do the action. subject is the ID that the
// action is about; "" where there is none yet or where it is about all.
func (c *Core) Read(ctx context.Context, by Principal, action vpn.Action, subject string, f func(*store.Tx) error) error {
	if err := by.May(action, subject); err != nil {
		return err
	}
	return c.store.View(ctx, f)
}

// Change runs one change and its audit record in one transaction, then wakes the reconciler. A
// refusal for want of permission is recorded too. f completes the record: subject, before and after.
func (c *Core) Change(ctx context.Context, by Principal, action vpn.Action, subject string, f func(*store.Tx, *vpn.AuditRecord) error) error {
	if err := c.Allow(ctx, by, action, subject); err != nil {
		return err
	}
	err := c.store.Update(ctx, func(tx *store.Tx) error {
		record := c.Record(by, action, subject)
		if err := f(tx, &record); err != nil {
			return err
		}
		return tx.Audit(ctx, record)
	})
	if err == nil {
		c.Nudge()
	}
	return err
}

// Allow asks for permission before work that Change should not begin with, such as hashing a
// password. A refusal is recorded.
func (c *Core) Allow(ctx context.Context, by Principal, action vpn.Action, subject string) error {
	err := by.May(action, subject)
	if err != nil {
		c.AuditRefusal(ctx, by, action, subject, err)
	}
	return err
}

// Record begins the audit record of a success.
func (c *Core) Record(by Principal, action vpn.Action, subject string) vpn.AuditRecord {
	return vpn.AuditRecord{At: c.Now(), Actor: by.Name, Source: by.Source, Request: by.Request, Action: action, Subject: subject, Result: "ok"}
}

// AuditRefusal writes the record of a change that was refused.
func (c *Core) AuditRefusal(ctx context.Context, by Principal, action vpn.Action, subject string, cause error) {
	record := c.Record(by, action, subject)
	record.Result = cause.Error()
	ctx = context.WithoutCancel(ctx) // the record is written even if the caller hangs up
	if err := c.store.Update(ctx, func(tx *store.Tx) error { return tx.Audit(ctx, record) }); err != nil {
		c.Log.ErrorContext(ctx, "audit record of a refusal was not written", "action", record.Action, "err", err)
	}
}

// Refuse records that a read-only account was kept from a change, and returns the error to answer
// with. A front door calls it where it refuses a request before any use case; subject is what the
// request named.
func (c *Core) Refuse(ctx context.Context, by Principal, action vpn.Action, subject string) error {
	refused := ErrReadOnly()
	c.AuditRefusal(ctx, by, action, subject, refused)
	return refused
}

// Describe is the audit trail's picture of a value; secrets marshal as stars.
func Describe(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
