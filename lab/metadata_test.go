package lab

import (
	"sallyport/lab/netlab"
	"testing"
	"time"
)

// Whoever may reach the internet may not ask the cloud for this host's own credentials: the address
// where it hands them out is behind the same default route.
func TestMetadataServiceIsOutOfReach(t *testing.T) {
	s := newSite(t, 1)
	client := s.clients[0]
	const metadata = "169.254.169.254"
	s.internet.IP(t, "address", "add", metadata+"/32", "dev", "eth0")
	if !s.gatewayHost.AnswersTCP(metadata, netlab.EchoPort) {
		t.Fatal("the gateway itself cannot reach it, so that nothing is tried here")
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
	netlab.Eventually(t, 5*time.Second, "the internet answers", func() bool { return client.Answers(addrInternet, netlab.EchoPort) })
	if client.AnswersTCP(metadata, netlab.EchoPort) || client.AnswersUDP(metadata, netlab.EchoPort) {
		t.Error("a client reaches the metadata service of the gateway's cloud")
	}
}
