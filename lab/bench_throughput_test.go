package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sallyport/lab/netlab"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// turns is how often each side is measured. A machine's speed drifts, so each turn of ours is
	// compared with the turn of the other side next to it, and the median of those ratios counts.
	turns = 8
	// setups is how often both sides are made anew: where a process and its buffers happen to lie
	// makes a tenth of difference for as long as it runs.
	setups = 8
	// blast is how long one stream runs.
	blast     = time.Second
	blastPort = 7100
	// bite, in bytes, is what must have arrived before the one who takes a stream is woken. Both
	// ends are other machines in real life; here they run on the gateway's processors, and being
	// woken for every few packets cost them more than the gateway's own work for those packets.
	bite = 256 << 10
	// drain is how long the packets of one turn that are still on their way may take of nobody's turn.
	drain = 100 * time.Millisecond
)

// One TCP stream and four in parallel, both ways, as a share of what bare OpenVPN carries.
func BenchmarkThroughput(b *testing.B) {
	for _, streams := range []int{1, 4} {
		for _, way := range []string{"up", "down"} {
			b.Run(fmt.Sprintf("%d_%s", streams, way), func(b *testing.B) {
				var mine, theirs blasts
				for n := range setups - 1 {
					b.Run(fmt.Sprint("setup_", n), func(b *testing.B) { compareBlasts(b, streams, way, &mine, &theirs) })
				}
				b.Run("all", func(b *testing.B) {
					compareBlasts(b, streams, way, &mine, &theirs)
					reportBlasts(b, mine, theirs)
				})
			})
		}
	}
}

func reportBlasts(b *testing.B, mine, theirs blasts) {
	rate, cost := ratios(mine.rate, theirs.rate), ratios(mine.cost, theirs.cost)
	b.ReportMetric(quantile(rate, 0.5), "ratio")
	b.ReportMetric(quantile(cost, 0.5), "cpu_ratio")
	b.ReportMetric(0, "ns/op")
	b.Logf("ours %.0f Mbit/s, bare %.0f Mbit/s; ratio %.2f (quartiles %.2f and %.2f); processor time of the whole machine %.2f : %.2f s/GB, ratio %.2f (%.2f and %.2f)",
		quantile(mine.rate, 0.5), quantile(theirs.rate, 0.5), quantile(rate, 0.5), quantile(rate, 0.25), quantile(rate, 0.75),
		quantile(mine.cost, 0.5), quantile(theirs.cost, 0.5), quantile(cost, 0.5), quantile(cost, 0.25), quantile(cost, 0.75))
}

// compareBlasts sets both sides up anew and has them take turns, from right after the logins: an
// OpenVPN client looks at its TLS state with every packet for ten seconds after a login, which
// costs it a tenth of its speed, and for as long as it then goes on sending. One that rested first
// would do so or not by chance, for the whole of its life.
func compareBlasts(b *testing.B, streams int, way string, mine, theirs *blasts) {
	b.Helper()
	ours, profiles := benchSite(b, streams)
	bare := startBareServer(b, streams, "")
	for i := range streams {
		netlab.ConnectClient(b, ours.clients[i], profiles[i])
		netlab.ConnectClient(b, bare.clients[i], bare.profile)
	}
	for _, w := range []*topology{ours.topology, bare.topology} {
		serveBlasts(b, w.hostA)
	}
	for turn := range turns {
		sides := []struct {
			on *topology
			to *blasts
		}{{bare.topology, theirs}, {ours.topology, mine}}
		if turn%2 == 1 {
			slices.Reverse(sides)
		}
		for _, s := range sides {
			s.to.add(runBlast(b, s.on.clients[:streams], way))
		}
	}
}

// blasts are the results of one side: Mbit/s, and the machine's processor seconds for a gigabyte.
type blasts struct{ rate, cost []float64 }

func (l *blasts) add(rate, cost float64) { l.rate, l.cost = append(l.rate, rate), append(l.cost, cost) }

// serveBlasts serves streams: a client sends "u" and data, or "d" and reads data.
func serveBlasts(b *testing.B, on *netlab.Namespace) {
	b.Helper()
	err := on.Do(func() error {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", blastPort))
		if err != nil {
			return err
		}
		b.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					var way [1]byte
					if _, err := io.ReadFull(conn, way[:]); err != nil {
						return
					}
					if way[0] == 'u' {
						_, err := takeStream(conn)
						if err != nil && !errors.Is(err, unix.ECONNRESET) {
							b.Error(err)
						}
						return
					}
					_, _ = io.Copy(conn, zero{})
				}()
			}
		}()
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// runBlast runs one stream from each client for a while, all together, and gives their sum in
// Mbit/s and what that cost.
func runBlast(b *testing.B, clients []*netlab.Namespace, way string) (rate, cost float64) {
	b.Helper()
	conns := make([]net.Conn, len(clients))
	for i, n := range clients {
		var err error
		if conns[i], err = n.Dial("tcp4", addrHostA, blastPort); err != nil {
			b.Fatal(err)
		}
	}
	var total int64
	var mu sync.Mutex
	var running sync.WaitGroup
	before := busySeconds(b)
	until := time.Now().Add(blast)
	for _, conn := range conns {
		running.Go(func() {
			defer conn.Close()
			_ = conn.(*net.TCPConn).SetLinger(0) // what is in its buffers by then is not sent in the other side's turn
			_ = conn.SetDeadline(until)
			var moved int64
			if way == "up" {
				_, _ = conn.Write([]byte("u"))
				moved, _ = io.Copy(conn, struct{ io.Reader }{zero{}})
			} else {
				_, _ = conn.Write([]byte("d"))
				var err error
				if moved, err = takeStream(conn); !errors.Is(err, os.ErrDeadlineExceeded) {
					b.Error(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total += moved
		})
	}
	running.Wait()
	spent := busySeconds(b) - before
	<-time.After(drain)
	return float64(total) * 8 / blast.Seconds() / 1e6, spent / (float64(total) / 1e9)
}

// takeStream reads until the stream ends, and gives its bytes.
func takeStream(conn net.Conn) (int64, error) {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, bite) })
	if err := errors.Join(err, set); err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, conn)
}

// busySeconds is the processor time that everything on this machine has used. The softirqs that
// carry packets are charged to whoever was running, so no single process tells what a packet costs.
func busySeconds(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		b.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var busy float64
	for i, field := range strings.Fields(line)[1:] {
		n, _ := strconv.ParseFloat(field, 64)
		if i != 3 && i != 4 && i < 8 { // idle, waiting for a disk; guests are in user already
			busy += n
		}
	}
	return busy / ticks
}

// ratios compares turn by turn.
func ratios(mine, theirs []float64) []float64 {
	out := make([]float64, len(mine))
	for i := range mine {
		out[i] = mine[i] / theirs[i]
	}
	return out
}

func quantile(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[int(q*float64(len(s)-1))]
}
