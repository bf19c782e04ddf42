package vpn

import "time"

// AuditRecord says who did what to which subject, from where, and with what result. Before and After
// are JSON of the subject without secrets.
type AuditRecord struct {
	ID      int64
	At      time.Time
	Actor   string // user name, or "system"
	Source  string // address of the browser or "local"
	Request string // request ID
	Action  Action
	Subject string // ID of what was changed
	Before  string
	After   string
	Result  string // "ok", or the sentence with which it was refused
}
