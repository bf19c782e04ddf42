package store

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// server is the PostgreSQL of this test binary.
var server *postgresServer

func TestMain(m *testing.M) {
	// The kernel ends the server together with the thread that started it: keep that thread.
	runtime.LockOSThread()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	server, err = startPostgres()
	if err != nil {
		fmt.Fprintln(os.Stderr, "The tests of package store need a private PostgreSQL:", err)
		return 1
	}
	defer server.Stop()
	return m.Run()
}
