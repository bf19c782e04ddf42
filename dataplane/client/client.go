// Package client sends requests to the dataplane's socket. It is the only package of the dataplane
// that the web process imports.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
)

// Client is a client of one dataplane. It is safe for concurrent use and needs no closing. Where the
// dataplane does not reply, its errors are *vpn.Error of kind Unavailable; where it refuses, the
// *vpn.Error that the dataplane returned.
type Client struct {
	path    string
	http    *http.Client
	silence time.Duration // a stream without a line for this long is broken
}

// New returns a client of the socket at path. It connects with the first request.
func New(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{path: path, silence: maxSilence, http: &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}}}
}

// Status returns the state of the host and of each endpoint.
func (c *Client) Status(ctx context.Context) (s vpn.NodeStatus, err error) {
	err = c.call(ctx, wire.Status, "", nil, &s)
	return s, err
}

// Apply sends a desired state.
func (c *Client) Apply(ctx context.Context, d vpn.Desired) error {
	return c.call(ctx, wire.Apply, string(d.Endpoint), d, nil)
}

// Forget removes an endpoint from the host.
func (c *Client) Forget(ctx context.Context, id vpn.EndpointID) error {
	return c.call(ctx, wire.Forget, string(id), nil, nil)
}

// Acknowledge allows the dataplane to delete events up to and including seq.
func (c *Client) Acknowledge(ctx context.Context, epoch string, seq uint64) error {
	return c.call(ctx, wire.Acknowledge, "", wire.Cursor{Epoch: epoch, Seq: seq}, nil)
}

// Decide sends the decisions on waiting logins.
func (c *Client) Decide(ctx context.Context, ds []vpn.LoginDecision) error {
	return c.call(ctx, wire.Decide, "", ds, nil)
}

// Pend has waiting clients tell their users how to sign in, and makes them wait. NotFound where the only failure is that a
// login no longer waits.
func (c *Client) Pend(ctx context.Context, ps ...vpn.LoginPending) error {
	return c.call(ctx, wire.Pend, "", ps, nil)
}

// Terminate ends connections.
func (c *Client) Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error {
	return c.call(ctx, wire.Terminate, "", wire.Termination{Connections: ids, Reason: reason}, nil)
}

// Connections returns every live connection with its counters.
func (c *Client) Connections(ctx context.Context) (out []vpn.LiveConnection, err error) {
	err = c.call(ctx, wire.Connections, "", nil, &out)
	return out, err
}

// Identify tells the users of sessions as their directories have them now.
func (c *Client) Identify(ctx context.Context, users []vpn.SessionIdentity) error {
	return c.call(ctx, wire.Identify, "", users, nil)
}

// Host returns what the host offers to a new endpoint.
func (c *Client) Host(ctx context.Context) (h vpn.Host, err error) {
	err = c.call(ctx, wire.Host, "", nil, &h)
	return h, err
}

// CheckPlace refuses what an endpoint cannot have on the host. Fields: listen_addr, client_cidr, port.
func (c *Client) CheckPlace(ctx context.Context, p vpn.Place) error {
	return c.call(ctx, wire.CheckPlace, "", p, nil)
}

// WayOut tells how the host sends packets of clients to an address.
func (c *Client) WayOut(ctx context.Context, to netip.Addr) (w vpn.WayOut, err error) {
	err = c.call(ctx, wire.WayOut, "", wire.Destination{Address: to}, &w)
	return w, err
}

// WaysTo tells how the host's routes lead to subnets, at most vpn.MaxAskedWays, in their order.
func (c *Client) WaysTo(ctx context.Context, subnets []netip.Prefix) (ws []vpn.Way, err error) {
	err = c.call(ctx, wire.WaysTo, "", wire.Subnets{Subnets: subnets}, &ws)
	return ws, err
}

// Probe asks for the way to an address of a target network, and whether it answers to ICMP echo. Field: address.
func (c *Client) Probe(ctx context.Context, r vpn.ProbeRequest) (a vpn.ProbeAnswer, err error) {
	err = c.call(ctx, wire.Probe, "", r, &a)
	return a, err
}

// call makes one request; pattern is a constant of package wire. The reply is decoded into reply,
// unless that is nil.
func (c *Client) call(ctx context.Context, pattern, id string, body, reply any) error {
	req, err := c.request(ctx, pattern, id, body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.unavailable(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return decodeRefusal(res, pattern)
	}
	if reply == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	if err := json.NewDecoder(res.Body).Decode(reply); err != nil {
		return c.unavailable(err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, pattern, id string, body any) (*http.Request, error) {
	method, path, _ := strings.Cut(pattern, " ")
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("dataplane request: %w", err)
		}
		content = bytes.NewReader(b)
	}
	return http.NewRequestWithContext(ctx, method, "http://dataplane"+strings.ReplaceAll(path, "{id}", url.PathEscape(id)), content)
}

// decodeRefusal returns the error of a reply to a request whose status is not 200.
func decodeRefusal(res *http.Response, pattern string) error {
	var e wire.Error
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&e); err != nil || e.Msg == "" {
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusMethodNotAllowed { // by its router, which knows no such request
			return vpn.Refuse(vpn.Unavailable, vpn.CodeDataplaneUnavailable, "The dataplane of this host is older than the console and cannot "+newer(pattern)+": restart it.").
				Because(fmt.Errorf("%s: status %d", pattern, res.StatusCode))
		}
		return fmt.Errorf("the dataplane answered with status %d", res.StatusCode)
	}
	return &vpn.Error{Kind: wire.KindOf(res.StatusCode), Code: e.Code, Msg: e.Msg, Fields: e.Fields}
}

// newer is what a request asks a dataplane for, where versions before did not have it.
func newer(pattern string) string {
	switch pattern {
	case wire.Probe:
		return "test target networks"
	case wire.WayOut:
		return "tell by which way it reaches an address"
	case wire.WaysTo:
		return "tell by which way it reaches networks"
	}
	return "answer this request"
}

// unavailable wraps the error of a failed request in a *vpn.Error that says why.
func (c *Client) unavailable(err error) error {
	message := "The dataplane does not answer."
	switch {
	case errors.Is(err, os.ErrNotExist):
		message = "The dataplane is not running: there is no socket " + c.path + "."
	case errors.Is(err, syscall.ECONNREFUSED):
		message = "The dataplane is not running: no process listens on its socket."
	case errors.Is(err, os.ErrPermission):
		message = "The dataplane's socket " + c.path + " may not be opened by this user."
	}
	return vpn.Refuse(vpn.Unavailable, vpn.CodeDataplaneUnavailable, message).Because(err)
}

// maxSilence is three heartbeats.
const maxSilence = 3 * wire.HeartbeatSeconds * time.Second

// Events yields the events after the given one until ctx ends or the stream breaks; the break is
// yielded last.
func (c *Client) Events(ctx context.Context, epoch string, after uint64) iter.Seq2[vpn.Event, error] {
	return stream[vpn.Event](ctx, c, wire.Events, url.Values{"epoch": {epoch}, "after": {strconv.FormatUint(after, 10)}})
}

// Logins yields the logins that wait for a decision, and then each new one, until ctx ends or the
// stream breaks; the break is yielded last. The next call yields the logins that still wait again. Between them it tells which
// wait no longer; a dataplane before that was added does not.
func (c *Client) Logins(ctx context.Context) iter.Seq2[vpn.LoginNews, error] {
	return func(yield func(vpn.LoginNews, error) bool) {
		for l, err := range stream[wire.Login](ctx, c, wire.Logins, url.Values{wire.LoginsGone: {"true"}}) {
			if !yield(l.News(), err) {
				return
			}
		}
	}
}

// stream yields the values of a stream of JSON lines, and last the error that ended it.
func stream[T any](ctx context.Context, c *Client, pattern string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		req, err := c.request(ctx, pattern, "", nil)
		if err != nil {
			yield(none, err)
			return
		}
		req.URL.RawQuery = query.Encode()
		res, err := c.http.Do(req)
		if err != nil {
			yield(none, c.unavailable(err))
			return
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			yield(none, decodeRefusal(res, pattern))
			return
		}
		watchdog := time.AfterFunc(c.silence, cancel)
		defer watchdog.Stop()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, wire.MaxMessage)
		for lines.Scan() {
			watchdog.Reset(c.silence)
			if len(lines.Bytes()) == 0 {
				continue
			}
			var v T
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				yield(none, fmt.Errorf("stream %s: %w", pattern, err))
				return
			}
			watchdog.Stop() // the time that the reader takes is not silence of the dataplane
			if !yield(v, nil) {
				return
			}
			watchdog.Reset(c.silence)
		}
		err = lines.Err()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		yield(none, c.unavailable(err))
	}
}
