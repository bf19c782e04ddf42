package lab

import (
	"errors"
	"os/exec"
	"strconv"
	"testing"

	"sallyport/lab/netlab"
)

// A compromised worker can connect neither to the host's own services nor to its networks.
func TestWorkersOpenNoConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	opens := func(uid, addr, port string) bool {
		cmd := s.gatewayHost.Exec("setpriv", "--reuid="+uid, "--regid="+uid, "--clear-groups",
			"timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/"+addr+"/"+port)
		cmd.Stdin = nil
		err := cmd.Run()
		if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
			t.Fatal(err)
		}
		return err == nil
	}
	const worker, other = "60800", "12345"
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	for _, service := range [][2]string{{"127.0.0.1", "8443"}, {"127.0.0.1", "8444"}, {addrHostA, strconv.Itoa(netlab.EchoPort)}, {addrInternet, strconv.Itoa(netlab.EchoPort)}} {
		if !opens(other, service[0], service[1]) {
			t.Errorf("another user of the host cannot open %v", service)
		}
		if opens(worker, service[0], service[1]) {
			t.Errorf("a worker's user can open %v", service)
		}
	}
	netlab.ConnectClient(t, s.clients[0], s.Profile("alice"))
	if !s.clients[0].Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the worker does not answer its client")
	}
}
