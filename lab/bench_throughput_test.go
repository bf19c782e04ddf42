package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/lab/netlab"
)

const (
	// turns is how often each side is measured. The speed of the machine drifts, so each turn of ours
	// is compared with the neighbouring turn of bare OpenVPN. The median of those ratios is the result.
	turns = 8
	// setups is how often both sides are started: the memory layout of a process changes its speed by
	// up to a tenth for as long as it runs.
	setups = 8
	// streamTime is how long the streams of one turn run.
	streamTime = time.Second
	streamPort = 7100
	// receiveLowWater, in bytes, must have arrived before the receiver of a stream is woken. In real
	// life both ends are other machines. Here they run on the gateway's processors, where waking the
	// receiver for every few packets costs more than the gateway's own work for those packets.
	receiveLowWater = 256 << 10
	// drain is the pause after a turn in which its last packets arrive.
	drain = 100 * time.Millisecond
)

// One TCP stream and four in parallel, both ways, as a share of what bare OpenVPN carries.
func BenchmarkThroughput(b *testing.B) {
	for _, streams := range []int{1, 4} {
		for _, way := range []string{"up", "down"} {
			b.Run(fmt.Sprintf("%d_%s", streams, way), func(b *testing.B) {
				var mine, theirs results
				for n := range setups - 1 {
					b.Run(fmt.Sprint("setup_", n), func(b *testing.B) { compareStreams(b, streams, way, &mine, &theirs) })
				}
				b.Run("all", func(b *testing.B) {
					compareStreams(b, streams, way, &mine, &theirs)
					reportStreams(b, mine, theirs)
				})
			})
		}
	}
}

func reportStreams(b *testing.B, mine, theirs results) {
	rate, cost := ratios(mine.rate, theirs.rate), ratios(mine.cost, theirs.cost)
	b.ReportMetric(quantile(rate, 0.5), "ratio")
	b.ReportMetric(quantile(cost, 0.5), "cpu_ratio")
	b.ReportMetric(0, "ns/op")
	b.Logf("ours %.0f Mbit/s, bare %.0f Mbit/s; ratio %.2f (quartiles %.2f and %.2f); processor time of the whole machine %.2f : %.2f s/GB, ratio %.2f (%.2f and %.2f)",
		quantile(mine.rate, 0.5), quantile(theirs.rate, 0.5), quantile(rate, 0.5), quantile(rate, 0.25), quantile(rate, 0.75),
		quantile(mine.cost, 0.5), quantile(theirs.cost, 0.5), quantile(cost, 0.5), quantile(cost, 0.25), quantile(cost, 0.75))
}

// compareStreams starts both sides and measures them in turns, right after the logins. For ten
// seconds after a login, and as long as it sends without a pause after that, an OpenVPN client checks
// its TLS state with every packet, which costs a tenth of its speed. After a pause it would be chance
// whether it does.
func compareStreams(b *testing.B, streams int, way string, mine, theirs *results) {
	b.Helper()
	ours, profiles := benchSite(b, streams)
	bare := startBareServer(b, streams, "")
	for i := range streams {
		netlab.ConnectClient(b, ours.clients[i], profiles[i])
		netlab.ConnectClient(b, bare.clients[i], bare.profile)
	}
	for _, w := range []*topology{ours.topology, bare.topology} {
		serveStreams(b, w.hostA)
	}
	for turn := range turns {
		sides := []struct {
			on *topology
			to *results
		}{{bare.topology, theirs}, {ours.topology, mine}}
		if turn%2 == 1 {
			slices.Reverse(sides)
		}
		for _, s := range sides {
			s.to.add(runStreams(b, s.on.clients[:streams], way))
		}
	}
}

// results are the results of one side: Mbit/s, and the machine's processor seconds for a gigabyte.
type results struct{ rate, cost []float64 }

func (l *results) add(rate, cost float64) {
	l.rate, l.cost = append(l.rate, rate), append(l.cost, cost)
}

// streamServer serves streams on a host: a client sends "u" and data, or "d" and reads data.
type streamServer struct {
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex // guards the fields below
	conns    []net.Conn
	stopped  bool
	failures []error // of streams that a client sent; a reset is how a client ends one
}

// serveStreams serves streams until the end of the benchmark, and then says what failed. A goroutine must not
// do so itself: an error that it reports after its benchmark has ended fails the run, and the testing
// package never prints it.
func serveStreams(b *testing.B, on *netlab.Namespace) {
	b.Helper()
	s := &streamServer{}
	err := on.Do(func() (err error) {
		s.listener, err = net.Listen("tcp4", fmt.Sprintf(":%d", streamPort))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	s.running.Go(s.accept)
	b.Cleanup(func() {
		for _, err := range s.stop() {
			b.Errorf("the receiver of a stream to %s: %v", on.Name, err)
		}
	})
}

func (s *streamServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		if s.stopped {
			conn.Close()
		}
		s.mu.Unlock()
		s.running.Go(func() { s.serve(conn) })
	}
}

func (s *streamServer) serve(conn net.Conn) {
	defer conn.Close()
	var way [1]byte
	if _, err := io.ReadFull(conn, way[:]); err != nil {
		return
	}
	if way[0] == 'd' {
		_, _ = io.Copy(conn, zero{})
		return
	}
	if _, err := readStream(conn); err != nil && !errors.Is(err, unix.ECONNRESET) && !isClosed(err) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failures = append(s.failures, err)
	}
}

// stop ends every stream, waits for its goroutine and gives what failed.
func (s *streamServer) stop() []error {
	s.listener.Close()
	s.mu.Lock()
	s.stopped = true
	for _, conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
	return s.failures
}

// runStreams runs one stream from each client for a while, all together, and gives their sum in
// Mbit/s and what that cost.
func runStreams(b *testing.B, clients []*netlab.Namespace, way string) (rate, cost float64) {
	b.Helper()
	conns := make([]net.Conn, len(clients))
	for i, n := range clients {
		var err error
		if conns[i], err = n.Dial("tcp4", addrHostA, streamPort); err != nil {
			b.Fatalf("a stream from %s: %v", n.Name, err)
		}
	}
	moved, failures := make([]int64, len(conns)), make([]error, len(conns))
	var running sync.WaitGroup
	before := busySeconds(b)
	until := time.Now().Add(streamTime)
	for i, conn := range conns {
		running.Go(func() {
			defer conn.Close()
			_ = conn.(*net.TCPConn).SetLinger(0) // what is then in its buffers is not sent in the next turn
			_ = conn.SetDeadline(until)
			moved[i], failures[i] = runStream(conn, way)
		})
	}
	running.Wait()
	spent := busySeconds(b) - before
	var total int64
	for i, n := range clients {
		if !errors.Is(failures[i], os.ErrDeadlineExceeded) || moved[i] == 0 {
			b.Fatalf("the stream %s of %s moved %d bytes and ended with: %v", way, n.Name, moved[i], failures[i])
		}
		total += moved[i]
	}
	<-time.After(drain)
	return float64(total) * 8 / streamTime.Seconds() / 1e6, spent / (float64(total) / 1e9)
}

// runStream moves data one way until the deadline of the connection, and gives its bytes.
func runStream(conn net.Conn, way string) (int64, error) {
	if way == "up" {
		if _, err := conn.Write([]byte("u")); err != nil {
			return 0, err
		}
		return io.Copy(conn, struct{ io.Reader }{zero{}})
	}
	if _, err := conn.Write([]byte("d")); err != nil {
		return 0, err
	}
	return readStream(conn)
}

// readStream reads until the stream ends, and gives its bytes.
func readStream(conn net.Conn) (int64, error) {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, receiveLowWater)
	})
	if err := errors.Join(err, set); err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, conn)
}

// busySeconds is the processor time that everything on this machine has used. The softirqs that
// carry packets are charged to the process that was running, so no single process shows what a packet costs.
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
		if i != 3 && i != 4 && i < 8 { // neither idle nor waiting for a disk; guest time is a part of user time
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
