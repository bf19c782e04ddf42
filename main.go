// Sallyport is a self-hosted Client VPN. This package connects the rooms and has no rules of its own: see README.md for
// a tour.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"sallyport/config"
)

// version is set at build time.
var version = "unversioned"

const usage = `Sallyport, a self-hosted Client VPN.

  sallyport serve                       console, public pages and dataplane, supervised
  sallyport web                         console and public pages alone (any user)
  sallyport dataplane                   the dataplane alone (root)
  sallyport migrate                     bring the database's schema up to date
  sallyport admin setup-link            a new link to create the first administrator
  sallyport admin reset-password NAME   a new password for a locked-out administrator
  sallyport version
  sallyport help [config]               every setting with its default

Settings are flags (--console-listen …), SALLYPORT_… variables or lines of a file:
“sallyport help config” lists them. The admin commands need those of the service.
`

// errUsage ends the program with the usage text.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	forbidCoreFiles()
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "sallyport:", err)
		os.Exit(1)
	}
}

// forbidCoreFiles keeps what is in memory out of files: private keys, and passwords of logins. Lowering the limit cannot fail.
func forbidCoreFiles() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	command, args := args[0], args[1:]
	switch command {
	case "version", "--version":
		fmt.Fprintln(out, "sallyport", version)
		return nil
	case "help", "--help", "-h":
		if len(args) == 1 && args[0] == "config" {
			fmt.Fprint(out, config.Help())
			return nil
		}
		fmt.Fprint(out, usage)
		return nil
	}
	if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
		fmt.Fprint(out, usage)
		return nil
	}
	cfg, rest, err := config.Load(args, os.Environ())
	if err != nil {
		return err
	}
	log := logger(cfg.Log, command)
	switch {
	case command == "serve" && len(rest) == 0:
		return serve(ctx, cfg, log, args)
	case command == "web" && len(rest) == 0:
		return runWeb(ctx, cfg, log)
	case command == "dataplane" && len(rest) == 0:
		return runDataplane(ctx, cfg, log)
	case command == "migrate" && len(rest) == 0:
		return migrate(ctx, cfg, log, out)
	case command == "admin" && len(rest) > 0:
		return administer(ctx, cfg, log, rest, out)
	}
	return errUsage
}

func logger(c config.Log, command string) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(strings.ToUpper(c.Level))) // checked by config
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if c.Format == "json" {
		h = slog.NewJSONHandler(os.Stderr, options)
	}
	return slog.New(h).With("process", command)
}
