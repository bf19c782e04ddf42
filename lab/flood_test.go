package lab

import (
	"crypto/rand"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// A host without any key sends what looks like first packets of handshakes to the VPN port,
// from many ports: the connected client of the same worker is not affected, and a new client connects
// within five seconds.
func TestFlood(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 1, "SALLYPORT_WORKERS=1")
	b.addClient(t, 1)
	b.addClient(t, 2)
	attacker, late := b.clients[1], b.clients[2]
	b.IssueCertificate("late")
	profile := b.Profile("late")

	packet := make([]byte, 54)
	_, _ = rand.Read(packet)
	packet[0] = 7 << 3 // P_CONTROL_HARD_RESET_CLIENT_V2
	var sockets []*net.UDPConn
	err := attacker.Do(func() error {
		for range 500 {
			c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(gatewayWAN+":443")))
			if err != nil {
				return err
			}
			sockets = append(sockets, c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var flood sync.WaitGroup
	sent := 0
	flood.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			for range 100 {
				_, _ = sockets[sent%len(sockets)].Write(packet)
				sent++
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	defer func() {
		close(stop)
		flood.Wait()
		for _, c := range sockets {
			_ = c.Close()
		}
		t.Logf("%d packets were sent", sent)
	}()

	netlab.Eventually(t, 5*time.Second, "the flood runs", func() bool { return b.transfers[0].echoed.Load() > 0 })
	began, before := time.Now(), b.transfers[0].echoed.Load()
	c := netlab.StartClient(t, late, profile)
	netlab.Eventually(t, 5*time.Second, "a new client is connected during the flood", func() bool { return c.Ups() == 1 })
	netlab.Eventually(t, 10*time.Second, "the flood has run for four seconds", func() bool { return time.Since(began) > 4*time.Second })
	want := uint64(time.Since(began)/pace) * 8 / 10
	if got := b.transfers[0].echoed.Load() - before; got < want {
		t.Errorf("the connected client exchanged %d messages during the flood, want at least %d", got, want)
	}
	b.waitTransfers(t, "a flood")
}
