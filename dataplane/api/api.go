// Package api serves the dataplane's Unix socket: it checks the uid of the peer, decodes the
// request and calls the engine.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
)

// Engine is what the requests of package wire call.
type Engine interface {
	Status() vpn.NodeStatus
	Apply(ctx context.Context, d vpn.Desired) (vpn.EndpointStatus, error)
	Forget(ctx context.Context, id vpn.EndpointID) error
	Events(ctx context.Context, epoch string, after uint64) iter.Seq[vpn.Event]
	Acknowledge(epoch string, seq uint64) error
	Logins(ctx context.Context) iter.Seq[vpn.LoginNews]
	Decide(ctx context.Context, ds []vpn.LoginDecision) error
	Pend(ctx context.Context, ps []vpn.LoginPending) error
	Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error
	Connections() ([]vpn.LiveConnection, error)
	Identify(ctx context.Context, users []vpn.SessionIdentity) error
	Host() (vpn.Host, error)
	CheckPlace(p vpn.Place) error
	WayOut(to netip.Addr) (vpn.WayOut, error)
	WaysTo(ctx context.Context, subnets []netip.Prefix) ([]vpn.Way, error)
	Probe(ctx context.Context, r vpn.ProbeRequest) (vpn.ProbeAnswer, error)
}

// Handler routes the requests of package wire to the engine. A *vpn.Error is sent as wire.Error with
// the status of its kind; any other error is logged and sent as status 500 without its text.
func Handler(e Engine, log *slog.Logger) http.Handler {
	s := &server{engine: e, log: log, timeout: streamTimeout, keepalive: wire.HeartbeatSeconds * time.Second}
	return s.routes()
}

// streamTimeout is how long a reader of a stream may take for one line.
const streamTimeout = 10 * time.Second

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, f := range map[string]func(*http.Request) (any, error){
		wire.Status:      s.status,
		wire.Apply:       s.apply,
		wire.Forget:      s.forget,
		wire.Acknowledge: s.acknowledge,
		wire.Decide:      s.decide,
		wire.Pend:        s.pend,
		wire.Terminate:   s.terminate,
		wire.Connections: s.connections,
		wire.Identify:    s.identify,
		wire.Host:        s.host,
		wire.CheckPlace:  s.checkPlace,
		wire.WayOut:      s.wayOut,
		wire.WaysTo:      s.waysTo,
		wire.Probe:       s.probe,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, wire.MaxMessage)
			reply, err := f(r)
			s.reply(w, r, reply, err)
		})
	}
	mux.HandleFunc(wire.Events, s.events)
	mux.HandleFunc(wire.Logins, s.logins)
	return mux
}

type server struct {
	engine    Engine
	log       *slog.Logger
	timeout   time.Duration // for writing one line of a stream
	keepalive time.Duration // between the empty lines of an idle stream
}

func (s *server) status(*http.Request) (any, error) { return s.engine.Status(), nil }

func (s *server) apply(r *http.Request) (any, error) {
	d, err := decodeBody[vpn.Desired](r)
	if err != nil {
		return nil, err
	}
	if string(d.Endpoint) != r.PathValue("id") {
		return nil, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The message is not about the endpoint that it is sent to.")
	}
	return s.engine.Apply(r.Context(), d)
}

func (s *server) forget(r *http.Request) (any, error) {
	id := vpn.EndpointID(r.PathValue("id"))
	if !id.Valid() {
		return nil, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The endpoint ID is malformed.")
	}
	return struct{}{}, s.engine.Forget(r.Context(), id)
}

func (s *server) acknowledge(r *http.Request) (any, error) {
	c, err := decodeBody[wire.Cursor](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.engine.Acknowledge(c.Epoch, c.Seq)
}

func (s *server) decide(r *http.Request) (any, error) {
	ds, err := decodeBody[[]vpn.LoginDecision](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.engine.Decide(r.Context(), ds)
}

func (s *server) pend(r *http.Request) (any, error) {
	ps, err := decodeBody[[]vpn.LoginPending](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.engine.Pend(r.Context(), ps)
}

func (s *server) terminate(r *http.Request) (any, error) {
	t, err := decodeBody[wire.Termination](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.engine.Terminate(r.Context(), t.Connections, t.Reason)
}

func (s *server) connections(*http.Request) (any, error) { return s.engine.Connections() }

func (s *server) identify(r *http.Request) (any, error) {
	users, err := decodeBody[[]vpn.SessionIdentity](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.engine.Identify(r.Context(), users)
}

func (s *server) host(*http.Request) (any, error) { return s.engine.Host() }

func (s *server) checkPlace(r *http.Request) (any, error) {
	p, err := decodeBody[vpn.Place](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.engine.CheckPlace(p)
}

func (s *server) wayOut(r *http.Request) (any, error) {
	to, err := decodeBody[wire.Destination](r)
	if err != nil {
		return nil, err
	}
	return s.engine.WayOut(to.Address)
}

func (s *server) waysTo(r *http.Request) (any, error) {
	to, err := decodeBody[wire.Subnets](r)
	if err != nil {
		return nil, err
	}
	return s.engine.WaysTo(r.Context(), to.Subnets)
}

func (s *server) probe(r *http.Request) (any, error) {
	p, err := decodeBody[vpn.ProbeRequest](r)
	if err != nil {
		return nil, err
	}
	return s.engine.Probe(r.Context(), p)
}

func decodeBody[T any](r *http.Request) (T, error) {
	var v T
	body, err := io.ReadAll(r.Body)
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err == nil {
		if countObjects(body) > wire.MaxObjects {
			return v, vpn.Refuse(vpn.Invalid, vpn.CodeMessageTooLarge, fmt.Sprintf("The message has more than %d objects.", wire.MaxObjects))
		}
		err = d.Decode(&v)
	}
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
		err = errors.Join(errors.New("trailing data after the message"), err)
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return v, vpn.Refuse(vpn.Invalid, vpn.CodeMessageTooLarge, "The message is larger than the dataplane accepts.").Because(err)
	}
	return v, vpn.Refuse(vpn.Invalid, vpn.CodeMalformedMessage, "The message cannot be read.").Because(err)
}

// countObjects counts the objects of a JSON text.
func countObjects(text []byte) (n int) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case quoted && text[i] == '\\':
			i++
		case !quoted && text[i] == '{':
			n++
		}
	}
	return n
}

// reply writes the JSON of body, or the error.
func (s *server) reply(w http.ResponseWriter, r *http.Request, body any, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // web waits no longer
	}
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		_ = json.NewEncoder(w).Encode(body)
		return
	}
	refusal := wire.Error{Kind: vpn.Internal.String(), Msg: "The dataplane had an internal error; its log has the cause."}
	status := http.StatusInternalServerError
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		refusal = wire.Error{Kind: e.Kind.String(), Code: e.Code, Msg: e.Msg, Fields: e.Fields}
		status = wire.StatusOf(e.Kind)
	}
	if status >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "err", err)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(refusal)
}

// events streams the events after the one that the query names.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	after, err := strconv.ParseUint(query.Get("after"), 10, 64)
	if err != nil {
		s.reply(w, r, nil, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The number of the last event is malformed.").Because(err))
		return
	}
	stream(s, w, r, gatherTime, func(ctx context.Context) iter.Seq[vpn.Event] { return s.engine.Events(ctx, query.Get("epoch"), after) })
}

// logins streams the logins that wait for a decision. A web process before wire.LoginsGone was added hears of nothing else.
func (s *server) logins(w http.ResponseWriter, r *http.Request) {
	withGone := r.URL.Query().Has(wire.LoginsGone)
	stream(s, w, r, 0, func(ctx context.Context) iter.Seq[wire.Login] {
		return func(yield func(wire.Login) bool) {
			for l := range s.engine.Logins(ctx) {
				if (l.Gone || l.All) && !withGone {
					continue
				}
				if !yield(wire.NewLogin(l)) {
					return
				}
			}
		}
	})
}

// crowdTime and gatherTime bound how often a stream of events is written: an event waits gatherTime for others where one was
// sent less than crowdTime before. Web waits longer before it stores them.
const (
	crowdTime  = 100 * time.Millisecond
	gatherTime = 20 * time.Millisecond
)

// stream writes each value of source as one line until the peer disconnects; values that come together are sent together, and
// in a crowd those of the next gather. A peer that does not read is disconnected after s.timeout; the engine sends what it
// missed to the next reader.
func stream[T any](s *server, w http.ResponseWriter, r *http.Request, gather time.Duration, source func(context.Context) iter.Seq[T]) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w.Header().Set("Content-Type", "application/x-ndjson")
	control := http.NewResponseController(w)
	write := func(b []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(s.timeout))
		_, err := w.Write(append(b, '\n'))
		return err == nil
	}
	flush := func() bool { return control.Flush() == nil }
	if !write(nil) || !flush() {
		return
	}
	values := make(chan T, streamBuffer)
	go func() {
		defer close(values)
		for v := range source(ctx) {
			select {
			case values <- v:
			case <-ctx.Done():
				return
			}
		}
	}()
	keepalive := time.NewTicker(s.keepalive)
	defer keepalive.Stop()
	var flushed time.Time // the last value
	for {
		select {
		case v, open := <-values:
			if !open {
				return
			}
			if gather > 0 && time.Since(flushed) < crowdTime {
				select {
				case <-time.After(gather):
				case <-ctx.Done():
					return
				}
			}
			for {
				line, _ := json.Marshal(v)
				if !write(line) {
					return
				}
				if len(values) == 0 { // this goroutine alone receives
					break
				}
				if v, open = <-values; !open {
					return
				}
			}
			flushed = time.Now()
		case <-keepalive.C:
			if !write(nil) {
				return
			}
		}
		if !flush() {
			return
		}
	}
}

// streamBuffer is how many values of a stream wait for a writer.
const streamBuffer = 64
