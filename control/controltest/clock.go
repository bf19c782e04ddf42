package controltest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"sallyport/vpn"
)

// Clock is a clock that a test moves.
type Clock struct {
	mu    sync.Mutex // guards the fields below
	at    time.Time  // zero: the clock runs
	ahead time.Duration
}

// RunningClock shows the real time until a test moves it.
func RunningClock() *Clock { return &Clock{} }

// Now gives the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now().Add(c.ahead)
	}
	return c.at.Add(c.ahead)
}

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.ahead += d }

// Log is a log that the program writes and a test reads.
type Log struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// CheapHash is a password hash that is quick to check: its cost is part of the text.
func CheapHash(password string) vpn.Secret {
	salt, b := make([]byte, 16), base64.RawStdEncoding
	return vpn.Secret(fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, b.EncodeToString(salt),
		b.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32))))
}
