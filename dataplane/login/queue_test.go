package login

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/vpn"
)

// waitingIn gives the IDs that a new stream yields before it would wait.
func waitingIn(q *Queue) []string {
	var out []string
	for at := (position{}); ; {
		n, ok, _ := q.next(&at)
		if !ok {
			return out
		}
		if !n.Gone && !n.All {
			out = append(out, n.ID)
		}
	}
}

func TestEachStreamYieldsWhatStillWaits(t *testing.T) {
	t.Parallel()
	q := NewQueue()
	for _, id := range []string{"a", "b", "c"} {
		q.Add(vpn.LoginRequest{ID: id, Endpoint: "e"})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []string
	for r := range q.Stream(ctx) {
		if r.All {
			continue
		}
		got = append(got, r.ID)
		switch r.ID {
		case "a":
			q.Remove("b") // its client left: it is not asked about
		case "c":
			q.Remove("c")
			q.Add(vpn.LoginRequest{ID: "d"})
		case "d":
			cancel()
		}
	}
	if want := []string{"a", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("the first stream yielded %v, want %v", got, want)
	}
	if got, want := waitingIn(q), []string{"a", "d"}; !slices.Equal(got, want) {
		t.Errorf("the second stream yields %v, want %v: those that still wait", got, want)
	}
	if at, ok := q.Endpoint("a"); at != "e" || !ok {
		t.Errorf("login a waits at %q, %v", at, ok)
	}
	if _, ok := q.Endpoint("b"); ok {
		t.Error("a removed login waits")
	}
}

// Whatever is added and removed while streams are read: each stream yields each login at most once,
// in order, and one that stays is yielded.
func TestStreamsBesideChanges(t *testing.T) {
	t.Parallel()
	const logins = 2000
	q := NewQueue()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var work sync.WaitGroup
	for range 3 {
		work.Go(func() {
			last, stayed := -1, 0
			for r := range q.Stream(ctx) {
				if r.All {
					continue
				}
				var n int
				if _, err := fmt.Sscan(r.ID, &n); err != nil || n <= last {
					t.Errorf("login %s follows %d", r.ID, last)
					return
				}
				last = n
				if n%10 == 0 {
					stayed++
				}
				if n == logins {
					break
				}
			}
			if stayed != logins/10+1 {
				t.Errorf("%d of the logins that stay were yielded, want %d", stayed, logins/10+1)
			}
		})
	}
	for n := range logins + 1 {
		q.Add(vpn.LoginRequest{ID: fmt.Sprint(n)})
		if n%10 != 0 {
			q.Remove(fmt.Sprint(n))
		}
	}
	work.Wait()
	if n := len(q.order); n > 2*len(q.waiting)+minOrder {
		t.Errorf("the order of %d waiting logins has %d entries", len(q.waiting), n)
	}
}

// A stream tells which pended logins wait no longer, and when it has had all; the logins of an earlier process are awaited for
// that. One that is read too slowly ends.
func TestStreamTellsWhoIsGone(t *testing.T) {
	t.Parallel()
	q := NewQueue()
	read := func(at *position) (out []string) {
		for {
			n, ok, _ := q.next(at)
			switch {
			case !ok:
				return out
			case n.All:
				out = append(out, "all")
			case n.Gone:
				out = append(out, "gone "+n.ID)
			default:
				out = append(out, n.ID)
			}
		}
	}
	want := func(at *position, want ...string) {
		t.Helper()
		if got := read(at); !slices.Equal(got, want) {
			t.Errorf("yielded %q, want %q", got, want)
		}
	}
	for _, id := range []string{"asked", "pended", "later"} {
		q.Add(vpn.LoginRequest{ID: id})
	}
	q.Expect("former")
	q.Expect("again")
	slow := position{gone: q.now()}
	first := slow
	want(&first, "asked", "pended", "later")
	q.Update(vpn.LoginRequest{ID: "pended", Pending: true}, false)
	q.Remove("asked")
	q.Remove("pended")
	want(&first, "gone pended")
	q.Add(vpn.LoginRequest{ID: "again", Pending: true})
	want(&first, "again")
	q.Remove("former")
	want(&first, "gone former", "all")
	second := position{gone: q.now()}
	want(&second, "later", "again", "all")
	q.Remove("again")
	want(&first, "gone again")
	want(&second, "gone again")
	for n := range 2 * keptGone {
		id := fmt.Sprint(n)
		q.Add(vpn.LoginRequest{ID: id, Pending: true})
		q.Remove(id)
	}
	if _, ok, changed := q.next(&slow); ok || changed != nil || len(q.gone) >= 2*keptGone {
		t.Errorf("a stream that has missed logins goes on; %d are kept", len(q.gone))
	}
}
