package controltest

import (
	"bytes"
	"sync"
)

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
