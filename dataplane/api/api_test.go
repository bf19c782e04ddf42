package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

const endpointID = vpn.EndpointID("cvpn-endpoint-0123456789abcdef0")

// engine records what reaches it.
type engine struct {
	applied   atomic.Int64
	forgotten atomic.Int64
	err       error
	events    chan vpn.Event
	logins    chan vpn.LoginNews
	readers   atomic.Int64
}

func (e *engine) Status() vpn.NodeStatus { return vpn.NodeStatus{Instance: "one"} }

func (e *engine) Apply(_ context.Context, d vpn.Desired) (vpn.EndpointStatus, error) {
	e.applied.Add(1)
	return vpn.EndpointStatus{Endpoint: d.Endpoint, Applied: d.Generation}, e.err
}

func (e *engine) Forget(context.Context, vpn.EndpointID) error { e.forgotten.Add(1); return e.err }

func (e *engine) Events(ctx context.Context, _ string, after uint64) iter.Seq[vpn.Event] {
	return func(yield func(vpn.Event) bool) {
		e.readers.Add(1)
		defer e.readers.Add(-1)
		for {
			select {
			case ev := <-e.events:
				if ev.Seq > after && !yield(ev) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (e *engine) Logins(ctx context.Context) iter.Seq[vpn.LoginNews] {
	return func(yield func(vpn.LoginNews) bool) {
		e.readers.Add(1)
		defer e.readers.Add(-1)
		for {
			select {
			case r := <-e.logins:
				if !yield(r) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (e *engine) Acknowledge(string, uint64) error                            { return e.err }
func (e *engine) Decide(context.Context, []vpn.LoginDecision) error           { return e.err }
func (e *engine) Pend(context.Context, []vpn.LoginPending) error              { return e.err }
func (e *engine) Identify(context.Context, []vpn.SessionIdentity) error       { return e.err }
func (e *engine) Connections() ([]vpn.LiveConnection, error)                  { return []vpn.LiveConnection{}, e.err }
func (e *engine) Terminate(context.Context, []vpn.ConnectionID, string) error { return e.err }

func (e *engine) Host() (vpn.Host, error)      { return vpn.Host{}, e.err }
func (e *engine) CheckPlace(p vpn.Place) error { return errors.Join(p.Validate(), e.err) }

func (e *engine) WayOut(to netip.Addr) (vpn.WayOut, error) { return vpn.WayOut{Address: to}, e.err }

func (e *engine) WaysTo(context.Context, []netip.Prefix) ([]vpn.Way, error) { return nil, e.err }

func (e *engine) Probe(_ context.Context, r vpn.ProbeRequest) (vpn.ProbeAnswer, error) {
	return vpn.ProbeAnswer{}, errors.Join(r.Validate(), e.err)
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func send(t *testing.T, e Engine, method, path, body string) (int, wire.Error) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	Handler(e, discardLog()).ServeHTTP(w, r)
	var refusal wire.Error
	if w.Code != http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil {
			t.Errorf("%s %s: the error %q cannot be decoded: %v", method, path, w.Body, err)
		}
	}
	return w.Code, refusal
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	e := &engine{}
	path := "/v1/endpoints/" + string(endpointID)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code               vpn.Code
	}{
		"good":            {"PUT", path, fmt.Sprintf(`{"endpoint":%q}`, endpointID), 200, ""},
		"nothing":         {"PUT", path, "", 422, "MalformedMessage"},
		"no JSON":         {"PUT", path, "<xml>", 422, "MalformedMessage"},
		"unknown field":   {"PUT", path, fmt.Sprintf(`{"endpoint":%q,"allow":true}`, endpointID), 422, "MalformedMessage"},
		"two messages":    {"PUT", path, fmt.Sprintf(`{"endpoint":%q}{}`, endpointID), 422, "MalformedMessage"},
		"cut short":       {"PUT", path, fmt.Sprintf(`{"endpoint":%q`, endpointID), 422, "MalformedMessage"},
		"another's":       {"PUT", path, `{"endpoint":"cvpn-endpoint-0123456789abcdef1"}`, 422, "InvalidParameterValue"},
		"many objects":    {"POST", "/v1/logins/decide", "[" + strings.Repeat("{},", wire.MaxObjects) + "{}]", 422, "MessageTooLarge"},
		"too large":       {"PUT", path, `{"endpoint":"` + strings.Repeat("x", wire.MaxMessage) + `"}`, 422, "MessageTooLarge"},
		"no endpoint ID":  {"DELETE", "/v1/endpoints/..%2f..%2fetc", "", 422, "InvalidParameterValue"},
		"bad decision":    {"POST", "/v1/logins/decide", `{"id":1}`, 422, "MalformedMessage"},
		"bad pending":     {"POST", "/v1/logins/pend", `{"id":"a"}`, 422, "MalformedMessage"},
		"bad cursor":      {"POST", "/v1/events/acknowledge", `{"seq":-1}`, 422, "MalformedMessage"},
		"bad number":      {"GET", "/v1/events?after=x", "", 422, "InvalidParameterValue"},
		"bad address":     {"POST", "/v1/host/way", `{"address":"10.0.0.0/8"}`, 422, "MalformedMessage"},
		"bad probe":       {"POST", "/v1/probe", `{"address":"10.0.0.0/8"}`, 422, "MalformedMessage"},
		"bad termination": {"POST", "/v1/connections/terminate", `{"connections":"all"}`, 422, "MalformedMessage"},
	} {
		status, refusal := send(t, e, c.method, c.path, c.body)
		if status != c.status || refusal.Code != c.code || c.status != 200 && refusal.Msg == "" {
			t.Errorf("%s: got %d %+v, want %d %s", name, status, refusal, c.status, c.code)
		}
	}
	if e.applied.Load() != 1 || e.forgotten.Load() != 0 {
		t.Errorf("%d states were applied and %d endpoints forgotten, want 1 and 0", e.applied.Load(), e.forgotten.Load())
	}
}

func TestErrorsHaveTheStatusOfTheirKind(t *testing.T) {
	t.Parallel()
	path := "/v1/endpoints/" + string(endpointID)
	body := fmt.Sprintf(`{"endpoint":%q}`, endpointID)
	for kind, want := range map[vpn.Kind]int{vpn.Stale: 412, vpn.NotFound: 404, vpn.Conflict: 409, vpn.Invalid: 422, vpn.Unavailable: 503} {
		status, refusal := send(t, &engine{err: vpn.Refuse(kind, "Code", "A sentence.")}, "PUT", path, body)
		if status != want || refusal.Msg != "A sentence." || refusal.Code != "Code" {
			t.Errorf("%s: got %d %+v, want %d", kind, status, refusal, want)
		}
	}
	sent := vpntest.Filled[vpn.Error]()
	sent.Kind = vpn.Conflict
	if _, got := send(t, &engine{err: &sent}, "PUT", path, body); len(vpntest.Zero(got)) > 0 || got.Code != sent.Code || got.Msg != sent.Msg || !maps.Equal(got.Fields, sent.Fields) {
		t.Errorf("got %+v, sent %+v", got, sent)
	}
	status, refusal := send(t, &engine{err: fmt.Errorf("open /root/secret: denied")}, "PUT", path, body)
	if status != 500 || strings.Contains(refusal.Msg, "secret") {
		t.Errorf("an internal error: %d %q; want 500 without its text", status, refusal.Msg)
	}
}

// openStream opens a stream on a server whose limits are short.
func openStream(t *testing.T, s *server, path string) *bufio.Reader {
	t.Helper()
	srv := httptest.NewUnstartedServer(s.routes())
	srv.Config.ReadTimeout = 100 * time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET %s HTTP/1.0\r\n\r\n", path)
	r := bufio.NewReader(c)
	for { // the head
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(line) == "" {
			return r
		}
	}
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	e := &engine{events: make(chan vpn.Event)}
	r := openStream(t, &server{engine: e, log: discardLog(), timeout: time.Second, keepalive: 20 * time.Millisecond}, "/v1/events?after=2")
	// Heartbeats go on long after the limit on reading a request.
	for n, started := 0, time.Now(); n < 3 || time.Since(started) < 400*time.Millisecond; n++ {
		if line, err := r.ReadString('\n'); err != nil || line != "\n" {
			t.Fatalf("heartbeat %d: %q, %v", n, line, err)
		}
	}
	go func() {
		for n := uint64(1); n < 5; n++ {
			e.events <- vpn.Event{Epoch: "x", Seq: n}
		}
	}()
	for want := uint64(3); want < 5; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if len(line) == 1 {
			continue
		}
		var ev vpn.Event
		if err := json.Unmarshal(line, &ev); err != nil || ev.Seq != want {
			t.Fatalf("got %q, want event %d (%v)", line, want, err)
		}
		want++
	}
}

// Waiting logins have a stream of their own, with heartbeats.
func TestLoginStream(t *testing.T) {
	t.Parallel()
	e := &engine{logins: make(chan vpn.LoginNews)}
	r := openStream(t, &server{engine: e, log: discardLog(), timeout: time.Second, keepalive: 20 * time.Millisecond}, "/v1/logins")
	go func() {
		for _, id := range []string{"a", "b"} {
			e.logins <- vpn.LoginNews{LoginRequest: vpn.LoginRequest{ID: id, CommonName: "alice"}}
			e.logins <- vpn.LoginNews{All: true} // this web process did not ask for it
			e.logins <- vpn.LoginNews{LoginRequest: vpn.LoginRequest{ID: "left"}, Gone: true}
		}
	}()
	keepalives := 0
	for _, want := range []string{"a", "b", ""} { // and heartbeats after them
		for {
			line, err := r.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			if len(line) == 1 {
				if keepalives++; want == "" && keepalives > 3 {
					break
				}
				continue
			}
			var got vpn.LoginRequest
			if err := json.Unmarshal(line, &got); err != nil || got.ID != want || got.CommonName != "alice" {
				t.Fatalf("got %q, want login %q (%v)", line, want, err)
			}
			break
		}
	}
}

// A reader that does not read is disconnected, and its goroutine ends.
func TestReaderThatDoesNotRead(t *testing.T) {
	t.Parallel()
	e := &engine{events: make(chan vpn.Event)}
	openStream(t, &server{engine: e, log: discardLog(), timeout: 100 * time.Millisecond, keepalive: time.Minute}, "/v1/events?after=2")
	big := vpn.Event{Seq: 9, Refused: &vpn.RefusedAttempt{Reason: strings.Repeat("x", 1<<20)}}
	deadline := time.After(20 * time.Second)
	for cut := false; !cut; {
		select {
		case e.events <- big:
		case <-time.After(time.Second): // the stream takes no more events
			cut = e.readers.Load() == 0
		case <-deadline:
			t.Fatal("the reader was never disconnected")
		}
	}
}

// FuzzRequests: no request causes an internal error.
func FuzzRequests(f *testing.F) {
	patterns := []string{wire.Status, wire.Apply, wire.Forget, wire.Acknowledge, wire.Decide, wire.Terminate, wire.Connections, wire.Host, wire.CheckPlace, wire.Pend, wire.Identify, wire.WayOut, wire.WaysTo}
	for i, body := range []string{"", fmt.Sprintf(`{"endpoint":%q}`, endpointID), "{}", `{"epoch":"x","seq":18446744073709551615}`, `{"id":"x","allow":true,"ends":"2030-01-01T00:00:00Z"}`, `{"connections":["x"],"reason":""}`, "", `{"address":"192.0.2.1","client_cidr":"10.20.0.0/22"}`, `[{"id":"x","method":"webauth","url":"https://a","until":"2030-01-01T00:00:00Z"}]`, "[[[[[[", `{"address":"192.0.2.1"}`} {
		f.Add(uint8(i), string(endpointID), []byte(body))
	}
	h := Handler(&engine{}, discardLog())
	f.Fuzz(func(t *testing.T, which uint8, id string, body []byte) {
		method, path, _ := strings.Cut(patterns[int(which)%len(patterns)], " ")
		r := httptest.NewRequestWithContext(t.Context(), method, strings.ReplaceAll(path, "{id}", url.PathEscape(id)), bytes.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s %q: status %d", method, r.URL, body, w.Code)
		}
	})
}
