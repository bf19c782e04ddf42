package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/lab/netlab"
)

// processors are two of this machine, between which a benchmark of round trips shares what runs: the gateway has one, as it
// has its host, and all the rest has the other. With one for all of them, the round trips tell how the scheduler divides the
// time of a processor among hosts that have processors of their own in truth. On a machine with one, the two are the same.
type processors struct{ gateway, rest int }

// twoProcessors has this process, and what it starts from now on, run on the second until the end of the benchmark.
func twoProcessors(b *testing.B) processors {
	b.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		b.Fatal(err)
	}
	var numbers []int
	for n := 0; len(numbers) < all.Count(); n++ {
		if all.IsSet(n) {
			numbers = append(numbers, n)
		}
	}
	p := processors{gateway: numbers[0], rest: numbers[len(numbers)-1]}
	place(b, p.rest, os.Getpid())
	b.Cleanup(func() { eachThread(b, os.Getpid(), func(tid int) error { return unix.SchedSetaffinity(tid, &all) }) })
	return p
}

// place has processes, and what they start from now on, run on one processor.
func place(b *testing.B, processor int, pids ...int) {
	b.Helper()
	var set unix.CPUSet
	set.Set(processor)
	for _, pid := range pids {
		eachThread(b, pid, func(tid int) error { return unix.SchedSetaffinity(tid, &set) })
	}
}

// placeGateway has the processes of a gateway run on its processor.
func (p processors) placeGateway(b *testing.B, s *site) {
	b.Helper()
	place(b, p.gateway, append(s.Processes("openvpn"), s.Process(b, "web"), s.Process(b, "dataplane"))...)
}

// first has a client run before all else of its processor, as on a host of its own, whose processor is idle when a packet
// comes.
func (p processors) first(b *testing.B, c *netlab.Client) {
	b.Helper()
	eachThread(b, c.PID(), func(tid int) error {
		return unix.SchedSetAttr(tid, &unix.SchedAttr{Policy: unix.SCHED_FIFO, Priority: 1}, 0)
	})
}

// eachThread calls f for each thread of a process that has not ended.
func eachThread(b *testing.B, pid int, f func(tid int) error) {
	b.Helper()
	threads, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*")
	for _, thread := range threads {
		tid, _ := strconv.Atoi(filepath.Base(thread))
		if err := f(tid); err != nil && !errors.Is(err, unix.ESRCH) {
			b.Fatal(err)
		}
	}
}
