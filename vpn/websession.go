package vpn

import "time"

// WebSession is a signed-in browser. Only the hash of its identifier is stored, so that a copy
// of the database is of no use for signing in. A portal session, by its Audience, never acts on the console.
type WebSession struct {
	Hash          string // SHA-256 of the cookie's value, hex
	Audience      string
	Administrator AdministratorID
	CreatedAt     time.Time
	SeenAt        time.Time
	Source        string // address it was created from
	Flash         string // JSON of messages for the next page
}

// SessionLimits end a session: Idle after its last request, Absolute after sign-in.
type SessionLimits struct {
	Idle     time.Duration
	Absolute time.Duration
}
