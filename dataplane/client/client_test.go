package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// serve serves h on a socket and returns a client of it.
func serve(t *testing.T, h http.Handler) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	return New(path)
}

func wantUnavailable(t *testing.T, what string, err error, words string) {
	t.Helper()
	if vpn.KindOf(err) != vpn.Unavailable || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: %v (%s), want Unavailable with %q", what, err, vpn.KindOf(err), words)
	}
}

func TestMessagesWithoutADataplane(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	_, err := New(path).Status(t.Context())
	wantUnavailable(t, "no socket", err, "there is no socket "+path)

	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	_, err = New(path).Status(t.Context())
	wantUnavailable(t, "no listener", err, "no process listens")
	for _, err := range New(path).Events(t.Context(), "", 0) {
		wantUnavailable(t, "a stream without a listener", err, "no process listens")
	}

	hanging, release := context.WithCancel(t.Context())
	c := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hanging.Done() }))
	t.Cleanup(release)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = c.Status(ctx)
	wantUnavailable(t, "no reply", err, "does not answer")

	c = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	_, err = c.Status(t.Context())
	wantUnavailable(t, "a malformed reply", err, "does not answer")
}

// A dataplane that runs on from before an upgrade does not know the requests that came with it: that is a sentence, and no
// internal error. What the dataplane itself does not find keeps its own sentence.
func TestAnOlderDataplane(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/host", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	mux.HandleFunc("GET /v1/probe", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	c := serve(t, mux)
	if _, err := c.Host(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := c.WaysTo(t.Context(), nil)
	wantUnavailable(t, "the ways", err, "is older than the console and cannot tell by which way it reaches networks: restart it.")
	_, err = c.Probe(t.Context(), vpn.ProbeRequest{})
	wantUnavailable(t, "a test, by a method that it does not know", err, "cannot test target networks: restart it.")
	for _, err := range c.Logins(t.Context()) {
		wantUnavailable(t, "a stream", err, "cannot answer this request")
	}
}

func TestMessageForAForbiddenSocket(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("run this test as root: it acts as another user")
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	refused := make(chan error)
	go func() {
		// For this thread alone, which ends with the goroutine.
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), 64999, ^uintptr(0)); errno != 0 {
			refused <- errno
			return
		}
		_, err := net.Dial("unix", path)
		refused <- err
	}()
	err = <-refused
	if err == nil {
		t.Fatal("another user opened the socket")
	}
	wantUnavailable(t, "not allowed", New(path).unavailable(err), "may not be opened by this user")
}

func TestErrorsKeepTheirKind(t *testing.T) {
	t.Parallel()
	for _, kind := range []vpn.Kind{vpn.Stale, vpn.NotFound, vpn.Conflict, vpn.Invalid, vpn.Unavailable, vpn.Denied, vpn.Throttled} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(wire.StatusOf(kind))
			fmt.Fprint(w, `{"code":"Code","msg":"A sentence.","fields":{"name":"Bad."}}`)
		}))
		err := c.Apply(t.Context(), vpn.Desired{Endpoint: "x/../y"})
		if vpn.KindOf(err) != kind || vpn.FieldsOf(err)["name"] != "Bad." {
			t.Errorf("got %v (%s), want %s", err, vpn.KindOf(err), kind)
		}
	}
	sent := vpntest.Filled[wire.Error]()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(wire.StatusOf(vpn.Conflict))
		if err := json.NewEncoder(w).Encode(sent); err != nil {
			t.Error(err)
		}
	}))
	got, ok := errors.AsType[*vpn.Error](c.Forget(t.Context(), "x"))
	if !ok || len(vpntest.Zero(*got)) > 0 || got.Code != sent.Code || got.Msg != sent.Msg || !maps.Equal(got.Fields, sent.Fields) {
		t.Errorf("got %+v, sent %+v", got, sent)
	}
	c = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	if err := c.Forget(t.Context(), "x"); err == nil || vpn.KindOf(err) != vpn.Internal {
		t.Errorf("an unknown status: %v", err)
	}
}

func TestEventStreams(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("epoch") != "e p" || r.URL.Query().Get("after") != "7" {
			t.Errorf("asked for %s", r.URL.RawQuery)
		}
		fmt.Fprint(w, "\n{\"epoch\":\"e p\",\"seq\":8}\n\n{\"epoch\":\"e p\",\"seq\":9}\n")
	}))
	var got []uint64
	var last error
	for ev, err := range c.Events(t.Context(), "e p", 7) {
		if last = err; err == nil {
			got = append(got, ev.Seq)
		}
	}
	if fmt.Sprint(got) != "[8 9]" {
		t.Errorf("got events %v, want 8 and 9", got)
	}
	wantUnavailable(t, "the end of a stream", last, "does not answer")

	// A refusal is not an event.
	c = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(wire.StatusOf(vpn.Invalid))
		fmt.Fprint(w, `{"code":"Code","msg":"No."}`)
	}))
	n := 0
	for ev, err := range c.Events(t.Context(), "", 0) {
		if n++; vpn.KindOf(err) != vpn.Invalid {
			t.Errorf("a refused stream gave %+v, %v", ev, err)
		}
	}
	if n != 1 {
		t.Errorf("a refused stream yielded %d values, want the refusal", n)
	}
}

func TestLoginStreams(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pattern := r.Method + " " + r.URL.Path; pattern != wire.Logins {
			t.Errorf("asked for %s, want %s", pattern, wire.Logins)
		}
		fmt.Fprint(w, "\n{\"id\":\"a\",\"common_name\":\"alice\"}\n\n{\"id\":\"b\"}\n{\"all\":true}\n{\"id\":\"a\",\"gone\":true}\n")
	}))
	var got []string
	var last error
	for r, err := range c.Logins(t.Context()) {
		if last = err; err == nil {
			got = append(got, fmt.Sprint(r.ID, " ", r.CommonName, " ", r.All, r.Gone))
		}
	}
	if want := []string{"a alice false false", "b  false false", "  true false", "a  false true"}; !slices.Equal(got, want) {
		t.Errorf("got logins %q, want %q", got, want)
	}
	wantUnavailable(t, "the end of a stream", last, "does not answer")
}

// A stream without any line is broken; one with keepalive lines is not, and the time that its reader
// takes for an event does not count.
func TestSilentStream(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush := func() { _ = http.NewResponseController(w).Flush() }
		for range 12 {
			fmt.Fprint(w, "\n")
			flush()
			select {
			case <-time.After(100 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprint(w, "{\"seq\":1}\n")
		flush()
		select {
		case <-read:
			fmt.Fprint(w, "{\"seq\":2}\n")
			flush()
		case <-r.Context().Done():
		}
		<-r.Context().Done()
	}))
	c.silence = time.Second // a busy machine delays a line by some tenths
	started, received := time.Now(), uint64(0)
	for ev, err := range c.Events(t.Context(), "", 0) {
		if err == nil {
			if received = ev.Seq; received == 1 {
				<-time.After(2 * c.silence)
				close(read)
			}
			continue
		}
		wantUnavailable(t, "silence", err, "does not answer")
	}
	if received != 2 {
		t.Errorf("a stream with keepalive lines and a slow reader ended after event %d", received)
	}
	if took := time.Since(started); took < 4*c.silence {
		t.Errorf("it ended after %s, before it was silent", took)
	}
}
