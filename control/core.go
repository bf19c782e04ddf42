package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Core is what every use case uses to read and to change: it asks for permission, runs one
// transaction, writes the audit record in that transaction, and wakes the reconciler. It may be used
// by many goroutines at once.
type Core struct {
	Log      *slog.Logger
	Now      func() time.Time
	Settings Settings
	store    *store.Store
	refusals *refusals
	wake     chan struct{} // has room for one wake-up of the reconciler
}

// NewCore makes the core over an open database.
func NewCore(s *store.Store, log *slog.Logger, now func() time.Time, settings Settings) *Core {
	return &Core{Log: log, Now: now, Settings: settings, store: s, refusals: &refusals{buckets: map[string]*refusalBucket{}}, wake: make(chan struct{}, 1)}
}

// View runs reads in one snapshot without asking for permission: for the program itself, and where
// the caller is not known yet.
func (c *Core) View(ctx context.Context, f func(*store.Tx) error) error { return c.store.View(ctx, f) }

// Glance is View for a few short reads.
func (c *Core) Glance(ctx context.Context, f func(*store.Tx) error) error {
	return c.store.Glance(ctx, f)
}

// Update runs one transaction without asking for permission and without an audit record. For its
// errors see store.Store.Update.
func (c *Core) Update(ctx context.Context, f func(*store.Tx) error) error {
	return c.store.Update(ctx, f)
}

// Sealer encrypts what leaves the program and comes back, as a cookie does, with the key of the database's
// secrets.
func (c *Core) Sealer() store.Sealer { return c.store.Sealer() }

// StoreFault tells whether nothing can be stored at present, and since when.
func (c *Core) StoreFault() (vpn.Fault, bool) { return c.store.Fault() }

// Nudge wakes the reconciler.
func (c *Core) Nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Woken receives a value when Nudge was called since the last one.
func (c *Core) Woken() <-chan struct{} { return c.wake }

// Read runs reads in one snapshot for a principal that may do the action; otherwise the error is of
// kind Denied. subject is the ID that the action is about: "" where there is none yet, and for lists.
func (c *Core) Read(ctx context.Context, by Principal, action vpn.Action, subject string, f func(*store.Tx) error) error {
	if err := by.May(action, subject); err != nil {
		return err
	}
	return c.store.View(ctx, f)
}

// urgent are the actions that take access away, which must work on a full disk too.
var urgent = map[vpn.Action]bool{
	vpn.WithdrawConfigurationLink: true, vpn.BlockClientCertificate: true, vpn.RevokeCertificate: true, vpn.RevokeDevice: true, vpn.RemoveOwnDevice: true, vpn.BlockVpnUser: true, vpn.RevokeClientVpnIngress: true, vpn.RotateClientVpnEndpointKey: true, vpn.TerminateClientVpnConnections: true, vpn.DeleteClientVpnRoute: true,
	vpn.DisassociateClientVpnTargetNetwork: true, vpn.DeleteClientVpnEndpoint: true,
	vpn.ConfirmDirectoryLookUp: true, vpn.ResetMFADevice: true, vpn.EndOwnVPNSession: true, vpn.ReportOwnSignIn: true,
	vpn.EditAdministrator: true, vpn.ResetPassword: true, vpn.ChangePassword: true,
}

// Change runs one change and writes its audit record in one transaction, then wakes the reconciler. f
// completes the record: before, after, and the subject of what it creates. Permission is asked before the
// transaction and again in it (Principal.Recheck). Without it the error is of kind Denied, and the refusal
// is recorded.
func (c *Core) Change(ctx context.Context, by Principal, action vpn.Action, subject string, f func(*store.Tx, *vpn.AuditRecord) error) error {
	if err := c.Allow(ctx, by, action, subject); err != nil {
		return err
	}
	var denied error
	updating := ctx
	if urgent[action] {
		updating = store.Urgent(ctx)
	}
	err := c.store.Update(updating, func(tx *store.Tx) error {
		if denied = by.Recheck(ctx, tx, action, subject); denied != nil {
			return denied
		}
		record := c.Record(by, action, subject)
		if err := f(tx, &record); err != nil {
			return err
		}
		return tx.Audit(ctx, record)
	})
	switch {
	case err == nil:
		c.Nudge()
	case denied != nil && vpn.KindOf(denied) == vpn.Denied:
		c.AuditRefusal(ctx, by, action, subject, denied)
	}
	return err
}

// Allow asks for permission before work that Change should not begin with, such as reading a request's
// body or hashing a password. subject is what the request names. A refusal is recorded.
func (c *Core) Allow(ctx context.Context, by Principal, action vpn.Action, subject string) error {
	err := by.May(action, subject)
	if err != nil {
		c.AuditRefusal(ctx, by, action, subject, err)
	}
	return err
}

// Record makes the audit record of a success.
func (c *Core) Record(by Principal, action vpn.Action, subject string) vpn.AuditRecord {
	return vpn.AuditRecord{At: c.Now(), Actor: by.Name, Source: by.Source, Request: by.Request, Action: action, Subject: subject, Result: "ok"}
}

// Describe is a value as the audit trail keeps it: JSON, with stars for secrets.
func Describe(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
