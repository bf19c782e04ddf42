package lab

import (
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// crowd is how many clients return at once (LAB_CROWD).
func crowd() int {
	if n, err := strconv.Atoi(os.Getenv("LAB_CROWD")); err == nil {
		return n
	}
	return 300
}

// Clients behind one address that all return in the same instant are let in at a pace: each begins its handshake
// at once or when it sends its packet again, and the pings of a connected client of the same worker are not lost.
func TestCrowdReturns(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 2, floodSettings()...)
	b.waitTransfers(t, "the crowd")
	profile := b.Profile("user0")
	quiet := pings(t, b.clients[0], floodTime())
	measured := make(chan roundTrips)
	go func() { measured <- pings(t, b.clients[0], floodTime()) }()
	var times []time.Duration
	if err := b.clients[1].Do(func() (err error) { times, err = returnAtOnce(crowd(), profile); return err }); err != nil {
		t.Fatal(err)
	}
	during := <-measured
	if len(times) < crowd() {
		t.Errorf("%d of %d clients began their handshake", len(times), crowd())
	}
	if len(times) > 0 {
		slices.Sort(times)
		at := func(percent int) float64 { return times[(len(times)-1)*percent/100].Seconds() }
		t.Logf("%d clients: half after %.1f s, nine tenths after %.1f s, all after %.1f s; quiet: %v, during: %v", len(times), at(50), at(90), at(100), quiet, during)
	}
	if during.lost > quiet.lost {
		t.Errorf("the connected client's pings: %v, quiet: %v", during, quiet)
	}
}

// returnAtOnce begins handshakes from a port each and gives the times until the server continued them. Like a
// client it sends a packet again after 2 s and after 4 s more.
func returnAtOnce(n int, profile string) (times []time.Duration, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	key := newHandshake(profile)
	for range n {
		c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.ParseIP(gatewayWAN), Port: 443})
		if err != nil {
			return nil, err
		}
		all.Go(func() {
			defer c.Close()
			h, began := key.another(), time.Now()
			server := converse(c, h.first(), firstReply)
			if server == nil || converse(c, h.hello(server[1:9]), controlPacket) == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Since(began))
		})
	}
	all.Wait()
	return times, nil
}

// converse sends a packet up to three times and gives the reply that begins with a byte; nil if none comes.
func converse(c net.Conn, packet []byte, kind byte) []byte {
	reply := make([]byte, 2000)
	for _, wait := range []time.Duration{2 * time.Second, 4 * time.Second, 4 * time.Second} {
		_, _ = c.Write(packet)
		_ = c.SetReadDeadline(time.Now().Add(wait))
		for {
			n, err := c.Read(reply)
			if err != nil {
				break
			}
			if n > 9 && reply[0] == kind {
				return reply[:n]
			}
		}
	}
	return nil
}
