package dataplane

import (
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

func TestWarningOfWorkersThatDoNotRun(t *testing.T) {
	t.Parallel()
	cause := vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN does not begin to listen.")
	for failed, want := range map[int]string{
		0: "",
		1: "1 of 4 OpenVPN workers does not run: OpenVPN does not begin to listen.",
		3: "3 of 4 OpenVPN workers do not run: OpenVPN does not begin to listen.",
	} {
		if got := warnOfWorkers(failed, 4, cause); got != want {
			t.Errorf("%d: got %q, want %q", failed, got, want)
		}
	}
}

// A worker that does not disconnect a client whose session ended is replaced; one that runs in its place
// meanwhile is not.
func TestWorkerThatKeepsAClientIsReplaced(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	proc := standIn(t)
	r.worker.Adopt(worker.Record{Endpoint: f.ep.id, Slot: r.worker.Slot, Device: r.worker.Device, Instance: r.instance, Identity: proc.Identity()})
	id := f.logInUp(t, r, 1, "alice", "t1")
	refuse(r.conn, "client-kill 1 ")
	r.worker.Replace("an earlier run", "a worker is replaced", errNotWaiting)
	if !running(proc) {
		t.Fatal("the worker was replaced for the sake of an earlier run")
	}
	if err := f.Terminate(t.Context(), []vpn.ConnectionID{id}, "No."); err != nil {
		t.Fatal(err)
	}
	if f.has(id) || running(proc) {
		t.Errorf("the connection is there: %v, the worker runs: %v", f.has(id), running(proc))
	}
	f.ep.releaseAddresses(true)
	f.check(t)
}

// A worker that does not disconnect a client without a session is replaced.
func TestWorkerThatKeepsAStrangerIsReplaced(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.36.0.0/22")
	r := f.runs[0]
	proc := standIn(t)
	r.worker.Adopt(worker.Record{Endpoint: f.ep.id, Slot: r.worker.Slot, Device: r.worker.Device, Instance: r.instance, Identity: proc.Identity()})
	refuse(r.conn, "client-kill 7 ")
	f.send(r, ovpn.Established{CID: 7})
	eventually(t, "the worker ends", func() bool { return !running(proc) })
}

// standIn is a process in the place of OpenVPN.
func standIn(t *testing.T) *supervise.Process {
	t.Helper()
	uid, _ := supervise.UID(worker.MaxSlots - 1)
	proc, err := supervise.Start(supervise.Spec{Binary: "/bin/sleep", Args: []string{"600"}, Dir: "/", UID: uid, GID: uid})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proc.Kill() })
	return proc
}

func running(proc *supervise.Process) bool {
	select {
	case <-proc.Done():
		return false
	default:
		return true
	}
}

// Where one of two workers cannot listen the endpoint works, with a warning, which ends with its cause.
func TestWarningOfAWorkerEnds(t *testing.T) {
	needsSandbox(t)
	dir := runDir(t)
	d := desiredOf(t, "cvpn-endpoint-0123456789abcdef1", 1194, "10.21.0.0/22")
	taken, err := net.ListenPacket("udp4", netip.AddrPortFrom(d.Listen.Addr, vpn.FirstWorkerPort+1).String())
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := startEngine(t, dir)
	defer p.end(t, syscall.SIGTERM)
	if err := p.Apply(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warning is there", func() bool {
		s, err := p.Status(t.Context())
		if err != nil || len(s.Endpoints) != 1 || len(s.Endpoints[0].Faults) != 1 {
			return false
		}
		fault := s.Endpoints[0].Faults[0]
		return fault.Warning && strings.HasPrefix(fault.Message, "1 of 2 OpenVPN workers does not run: ") && s.Endpoints[0].Applied == d.Generation
	})
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	wantApplied(t, p, d)
}
