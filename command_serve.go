package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"sallyport/config"
)

// child is one of the two processes that serve supervises.
type child struct {
	command string
	program string
	args    []string
	as      *account // nil: the same user as serve
	log     *slog.Logger

	mu        sync.Mutex // guards proc and reloading
	proc      *os.Process
	reloading bool // reload has asked it to end
}

const (
	minRestartDelay = 200 * time.Millisecond
	maxRestartDelay = 30 * time.Second
	// healthyAfter is how long a process must have run so that the delay starts at minRestartDelay again.
	healthyAfter = time.Second
	childStop    = 45 * time.Second
	// outputWait is how long a child's output is read after its end: a descendant that still holds the pipe must not
	// delay the restart.
	outputWait = 2 * time.Second
)

// serve runs web and the dataplane and restarts each one that ends. Without root it runs no
// dataplane, and the console reports that.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger, args []string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	web := &child{command: "web", program: program, args: args, log: log}
	children := []*child{web}
	if os.Geteuid() == 0 {
		as, err := lookupUser(cfg.Data.WebUser)
		if err != nil {
			return fmt.Errorf("web_user: %w", err)
		}
		if err := chownDataDir(cfg.DataDir, as); err != nil {
			return err
		}
		web.as = &as
		children = append(children, &child{command: "dataplane", program: program, args: args, log: log})
	} else {
		log.Warn("not root: the console runs without a dataplane, so no client can connect")
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	go func() {
		for range reload {
			for _, c := range children {
				c.reload()
			}
		}
	}()
	var running sync.WaitGroup
	for _, c := range children {
		running.Go(func() { c.keep(ctx) })
	}
	running.Wait()
	return nil
}

// keep runs the child until ctx ends and restarts it with exponential back-off.
func (c *child) keep(ctx context.Context) {
	wait := minRestartDelay
	for ctx.Err() == nil {
		began := time.Now()
		err := c.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > healthyAfter {
			wait = minRestartDelay
		}
		if c.takeReloading() {
			c.log.Info("process is restarted", "child", c.command)
			continue
		}
		c.log.Error("process ended and is restarted", "child", c.command, "err", err, "in", wait)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		wait = min(2*wait, maxRestartDelay)
	}
}

// run starts the child and waits for its end. The child is killed when this process dies: the next serve starts both
// again, and the dataplane then adopts the running workers. The goroutine keeps its thread, because the death signal
// is tied to the thread that forked.
func (c *child) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(c.program, append([]string{c.command}, c.args...)...) //nolint:noctx // it gets SIGTERM before it is killed
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// A session of its own: without the controlling terminal it cannot insert input for the administrator's shell.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	if c.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(c.as.uid), Gid: uint32(c.as.gid)}
		cmd.Env = filteredEnv(os.Environ())
		// A pipe instead of serve's own files: a terminal is open for reading too, and root types into it.
		cmd.Stderr = struct{ io.Writer }{os.Stderr}
		cmd.Stdout = cmd.Stderr
		cmd.WaitDelay = outputWait
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.mu.Lock()
	c.proc = cmd.Process
	c.mu.Unlock()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(childStop, func() { _ = cmd.Process.Kill() })
		<-ended
		kill.Stop()
	}()
	err := cmd.Wait()
	if err == nil {
		err = errors.New("the process ended by itself")
	}
	return err
}

// reload switches to a new version of the program: the dataplane re-executes itself, web is
// restarted.
func (c *child) reload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil {
		return
	}
	signal := syscall.SIGTERM
	if c.command == "dataplane" {
		signal = syscall.SIGHUP
	} else {
		c.reloading = true
	}
	if err := c.proc.Signal(signal); err != nil {
		c.log.Warn("reload signal failed", "child", c.command, "err", err)
	}
}

// takeReloading reports whether reload has asked the child to end, and clears that.
func (c *child) takeReloading() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	reloading := c.reloading
	c.reloading = false
	return reloading
}
