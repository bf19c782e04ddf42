package lab

import (
	"testing"
	"time"
)

// Whoever may reach the internet may not ask the cloud for this host's own credentials: the address
// where it hands them out is behind the same default route.
func TestMetadataServiceIsOutOfReach(t *testing.T) {
	s := newSite(t, 1)
	client := s.clients[0]
	const metadata = "169.254.169.254"
	s.internet.ip(t, "address", "add", metadata+"/32", "dev", "eth0")
	if !tcpAnswers(s.topology.gateway, metadata, echoPort) {
		t.Fatal("the gateway itself cannot reach it, so that nothing is tried here")
	}
	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(nil)
	s.associate("subnet-a")
	s.authorize("0.0.0.0/0")
	s.addRoute("0.0.0.0/0", "subnet-a")
	s.line("/routes", "0.0.0.0/0", "active")
	s.line("/rules", "0.0.0.0/0", "active")
	connectVPN(t, client, s.profile("alice"))
	eventually(t, 5*time.Second, "the internet answers", func() bool { return answers(client, addrInternet, echoPort) })
	if tcpAnswers(client, metadata, echoPort) || udpAnswers(client, metadata, echoPort) {
		t.Error("a client reaches the metadata service of the gateway's cloud")
	}
}
