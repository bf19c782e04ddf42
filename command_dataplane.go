package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sallyport/config"
	"sallyport/dataplane"
	"sallyport/dataplane/api"
)

// inheritedSocket is the environment variable with the file descriptor of the socket that a dataplane passes to itself
// when it re-executes.
const inheritedSocket = "_SALLYPORT_SOCKET_FD"

// stopWait bounds the cleanup of the kernel at a stop.
const stopWait = 30 * time.Second

// limitProcessors has the dataplane run on half of the host's processors, unless the environment says otherwise (GOMAXPROCS).
// The others are the workers', which carry the packets. What the dataplane does comes in many short steps of several
// goroutines; each step that is handed to another thread costs more than the step: with two processors a login took a
// third more processor time than with one (measured).
func limitProcessors() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2))
	}
}

// runDataplane carries traffic until ctx ends, and then removes its state from the host: a stop is not a crash.
// SIGHUP re-executes the program's file in the same process: an upgrade without an end of the sessions.
func runDataplane(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if os.Geteuid() != 0 {
		return errors.New("the dataplane needs root: it creates tun devices and packet filter rules")
	}
	limitProcessors()
	program, err := os.Executable() // before the file is replaced by an upgrade
	if err != nil {
		return err
	}
	web, err := lookupUser(cfg.Data.WebUser)
	if err != nil {
		return fmt.Errorf("web_user: %w", err)
	}
	// Workers traverse the run directory to reach their own.
	if err := errors.Join(os.MkdirAll(cfg.RunDir, 0o711), os.Chmod(cfg.RunDir, 0o711)); err != nil {
		return fmt.Errorf("run directory: %w", err)
	}
	l, err := dataplaneSocket(ctx, cfg, web)
	if err != nil {
		return err
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	serving, end := context.WithCancel(ctx)
	defer end()
	working, halt := context.WithCancel(context.WithoutCancel(ctx))
	defer halt()
	engine, err := dataplane.Open(working, dataplane.Config{
		RunDir: cfg.RunDir, OpenVPN: cfg.Data.OpenVPN, AllowOldOpenVPN: cfg.Data.AllowOldOpenVPN, HostPolicy: cfg.Data.HostPolicy, Workers: cfg.Data.Workers, PacketMark: cfg.Data.PacketMark, Limits: dataplane.Limits(cfg.Data.Limits), AwayTime: cfg.Data.AwayTime, Version: version, Log: log,
	})
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- api.Serve(serving, l, api.Handler(engine, log), uint32(web.uid), log) }()
	ran := make(chan struct{})
	go func() { defer close(ran); engine.Run(working) }()
	log.InfoContext(ctx, "dataplane is ready", "socket", cfg.Data.Socket, "version", version)

	var failure error
	select {
	case <-reload:
		quiesce := func() error { end(); err := <-served; halt(); <-ran; return err }
		return reexec(engine, l, program, quiesce, log)
	case failure = <-served:
	case <-ctx.Done():
		failure = <-served
	}
	end()
	cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	failure = errors.Join(failure, engine.Stop(cleaning))
	halt()
	<-ran
	log.Info("dataplane stopped; the host is as it was before")
	return failure
}

func dataplaneSocket(ctx context.Context, cfg config.Config, web account) (*net.UnixListener, error) {
	text, inherited := os.LookupEnv(inheritedSocket)
	if !inherited {
		return api.Listen(ctx, cfg.Data.Socket, web.gid)
	}
	_ = os.Unsetenv(inheritedSocket)
	fd, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("inherited socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("inherited socket: %w", err)
	}
	unix, ok := l.(*net.UnixListener)
	if !ok {
		return nil, errors.New("inherited socket: not a Unix socket")
	}
	unix.SetUnlinkOnClose(true)
	return unix, nil
}

// reexec replaces this process by the program's file: the children stay its children, and the socket stays open with
// the connections in its queue.
func reexec(engine *dataplane.Engine, l *net.UnixListener, program string, quiesce func() error, log *slog.Logger) error {
	f, err := l.File() // a duplicate without close-on-exec once Fd is taken below
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	if err := quiesce(); err != nil {
		return err
	}
	engine.Release()
	fd := f.Fd()
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFD, 0); errno != 0 {
		return errno
	}
	env := append(withoutSocket(os.Environ()), fmt.Sprintf("%s=%d", inheritedSocket, fd))
	log.Info("dataplane re-executes itself", "program", program)
	return fmt.Errorf("execute %s: %w", program, syscall.Exec(program, os.Args, env)) //nolint:gosec // this very program, with the arguments it was started with
}

func withoutSocket(env []string) []string {
	out := env[:0:0]
	for _, v := range env {
		if !strings.HasPrefix(v, inheritedSocket+"=") {
			out = append(out, v)
		}
	}
	return out
}
