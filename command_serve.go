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

// child is one of the two processes that serve watches over.
type child struct {
	command string
	program string
	args    []string
	as      *account // nil: as we are
	log     *slog.Logger

	mu     sync.Mutex
	proc   *os.Process
	wanted bool // its end was asked for, by reload
}

const (
	restartFirst = 200 * time.Millisecond
	restartMost  = 30 * time.Second
	// healthy is how long a process must have run for its end to count as an accident and not as
	// one more failure to start.
	healthy   = time.Second
	childStop = 45 * time.Second
	// outputWait is how long a child's output is read after its end: a process that it left behind
	// must not keep it from being started again.
	outputWait = 2 * time.Second
)

// serve runs web and the dataplane and restarts whichever ends. Without root there is no
// dataplane, and the console says so.
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
		if err := handOver(cfg.DataDir, as); err != nil {
			return err
		}
		web.as = &as
		children = append(children, &child{command: "dataplane", program: program, args: args, log: log})
	} else {
		log.Warn("not root: the console runs, and no dataplane does, so nobody can connect")
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

// keep runs the child until ctx ends, again and again, ever more slowly where it keeps ending.
func (c *child) keep(ctx context.Context) {
	wait := restartFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := c.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > healthy {
			wait = restartFirst
		}
		if c.endWanted() {
			c.log.Info("process is started anew", "child", c.command)
			continue
		}
		c.log.Error("process ended and is started again", "child", c.command, "err", err, "in", wait)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		wait = min(2*wait, restartMost)
	}
}

// run starts the child and waits for its end. Where this process dies, so does the child: the
// next serve starts both anew, and the dataplane then adopts what runs. The thread is kept,
// because that death signal is tied to the thread that forked.
func (c *child) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(c.program, append([]string{c.command}, c.args...)...) //nolint:noctx // it is told to stop before it is killed
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// A session of its own: it has no part in our terminal, where it could type in our user's place.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	if c.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(c.as.uid), Gid: uint32(c.as.gid)}
		cmd.Env = strangersEnvironment(os.Environ())
		// Not our own files: a terminal is open for reading too, and what root types is in it.
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
		err = errors.New("it ended by itself")
	}
	return err
}

// reload takes up a new version of the program: the dataplane executes itself anew, web is
// started again.
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
		c.wanted = true
	}
	if err := c.proc.Signal(signal); err != nil {
		c.log.Warn("process was not told to reload", "child", c.command, "err", err)
	}
}

// endWanted tells, once, whether the child's end was asked for.
func (c *child) endWanted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := c.wanted
	c.wanted = false
	return wanted
}
