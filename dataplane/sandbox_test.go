package dataplane

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"sallyport/dataplane/api"
	"sallyport/lab/netlab"
)

// asEngine, set to a run directory, makes this program a dataplane that can be killed.
const asEngine = "SALLYPORT_DATAPLANE_ENGINE"

// TestMain runs the tests in a sandbox with neta, the interface of a target network.
func TestMain(m *testing.M) {
	if dir := os.Getenv(asEngine); dir != "" {
		if err := serveEngine(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	netlab.Main(m, netlab.Sandbox{Prepare: []string{
		"link add neta type veth peer name far", "addr add 10.0.1.1/24 dev neta", "link set neta up", "link set far up",
	}})
}

func needsSandbox(t testing.TB) {
	t.Helper()
	netlab.NeedSandbox(t, "openvpn", "nft", "ip")
}

func socketIn(dir string) string { return filepath.Join(dir, "socket", "s") }

// serveEngine is a dataplane as main runs it: SIGTERM stops it, SIGKILL is a crash.
func serveEngine(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	l, err := api.Listen(ctx, socketIn(dir), 0)
	if err != nil {
		return err
	}
	working, halt := context.WithCancel(context.Background())
	defer halt()
	e, err := Open(working, Config{RunDir: dir, Workers: 2, Log: log})
	if err != nil {
		return err
	}
	go e.Run(working)
	if err := api.Serve(ctx, l, api.Handler(e, log), 0, log); err != nil {
		return err
	}
	return e.Stop(context.Background())
}
