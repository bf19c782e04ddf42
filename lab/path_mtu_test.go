package lab

import (
	"io"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// A path that carries packets of 1400 bytes at most, and tells no sender so, brings a transfer of 10 MB
// through the tunnel, each way.
func TestPathMTUWithoutICMP(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	// The ports of the bridge take no longer frame, in either direction, and a bridge answers none.
	for _, port := range []string{"gw", "c0"} {
		s.wan.IP(t, "link", "set", port, "mtu", "1400")
	}
	client := s.clients[0]
	if out, err := client.Exec("ping", "-c1", "-W1", "-Mdo", "-s", "1400", gatewayWAN).CombinedOutput(); err == nil {
		t.Fatalf("the path carries a packet of 1428 bytes:\n%s", out)
	}
	netlab.ConnectClient(t, client, s.Profile("alice"))

	const size = 10_000_000
	conn := client.MustDial(t, "tcp4", addrHostA, netlab.EchoPort)
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyN(conn, zero{}, size)
		sent <- err
	}()
	n, err := io.CopyN(io.Discard, conn, size)
	if err == nil {
		err = <-sent
	}
	if err != nil {
		t.Errorf("%d of %d bytes came back: %v", n, size, err)
	}
}
