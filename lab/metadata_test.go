package lab

import (
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// A client with access to the internet cannot ask the cloud for the credentials of the gateway's host:
// the metadata address is behind the same default route.
func TestMetadataServiceIsOutOfReach(t *testing.T) {
	s := newSite(t, 1)
	client := s.clients[0]
	const metadata = "169.254.169.254"
	s.internet.IP(t, "address", "add", metadata+"/32", "dev", "eth0")
	if !s.gatewayHost.AnswersTCP(metadata, netlab.EchoPort) {
		t.Fatal("the gateway itself cannot reach it: the test would prove nothing")
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
