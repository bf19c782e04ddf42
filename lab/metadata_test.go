package lab

import (
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// A client with access to the internet cannot ask the cloud for the credentials of the gateway's host:
// the metadata addresses are behind the same default route.
func TestMetadataServiceIsOutOfReach(t *testing.T) {
	s := newSite(t, 1)
	client := s.clients[0]
	services := []string{"169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192"}
	for _, address := range services {
		s.internet.IP(t, "address", "add", address+"/32", "dev", "eth0")
		if !s.gatewayHost.ReachesTCP(address, netlab.EchoPort) {
			t.Fatalf("the gateway itself cannot reach %s: the test would prove nothing", address)
		}
	}
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Authorize("0.0.0.0/0")
	s.AddRoute("0.0.0.0/0", "subnet-a")
	s.WaitRow("/routes", "0.0.0.0/0", "active")
	s.WaitRow("/rules", "0.0.0.0/0", "active")
	netlab.ConnectClient(t, client, s.Profile("alice"))
	netlab.Eventually(t, 20*time.Second, "the internet answers", func() bool { return client.Answers(addrInternet, netlab.EchoPort) })
	for _, address := range services {
		if client.AnswersTCP(address, netlab.EchoPort) || client.AnswersUDP(address, netlab.EchoPort) {
			t.Errorf("a client reaches the metadata service %s", address)
		}
	}
	s.Authorize("168.63.129.16/32")
	s.WaitRow("/rules", "168.63.129.16/32", "active")
	netlab.Eventually(t, 20*time.Second, "a rule for the address itself opens it", func() bool { return client.AnswersTCP("168.63.129.16", netlab.EchoPort) })
}
