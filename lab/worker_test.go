package lab

import (
	"errors"
	"os/exec"
	"testing"
)

// A worker that was broken into opens nothing: not the host's own services, not its networks.
func TestWorkersOpenNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(nil)
	opens := func(uid, addr, port string) bool {
		cmd := s.topology.gateway.exec("setpriv", "--reuid="+uid, "--regid="+uid, "--clear-groups",
			"timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/"+addr+"/"+port)
		cmd.Stdin = nil
		err := cmd.Run()
		if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
			t.Fatal(err)
		}
		return err == nil
	}
	const worker, somebody = "60800", "12345"
	s.associate("subnet-a")
	s.authorize("10.0.1.0/24")
	s.line("/rules", "10.0.1.0/24", "active")
	for _, service := range [][2]string{{"127.0.0.1", "8443"}, {addrHostA, itoa(echoPort)}, {addrInternet, itoa(echoPort)}} {
		if !opens(somebody, service[0], service[1]) {
			t.Errorf("another user of the host cannot open %v", service)
		}
		if opens(worker, service[0], service[1]) {
			t.Errorf("a worker's user can open %v", service)
		}
	}
	connectVPN(t, s.clients[0], s.profile("alice"))
	if !answers(s.clients[0], addrHostA, echoPort) {
		t.Error("the worker does not answer its client")
	}
}
