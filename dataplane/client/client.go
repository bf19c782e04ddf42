// Package client speaks to a dataplane's socket: the only part of the dataplane that web imports.
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
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
)

// Client speaks to one dataplane. It is safe for concurrent use and needs no closing.
type Client struct {
	path    string
	http    *http.Client
	silence time.Duration // how long a stream may say nothing at all before it counts as broken
}

// New makes a client of the socket at path; nothing is dialled yet.
func New(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{path: path, silence: silence, http: &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}}}
}

// Status asks how the host and each endpoint is.
func (c *Client) Status(ctx context.Context) (s vpn.NodeStatus, err error) {
	err = c.call(ctx, wire.Status, "", nil, &s)
	return s, err
}

// Apply sends a desired state.
func (c *Client) Apply(ctx context.Context, d vpn.Desired) error {
	return c.call(ctx, wire.Apply, string(d.Endpoint), d, nil)
}

// Forget ends an endpoint.
func (c *Client) Forget(ctx context.Context, id vpn.EndpointID) error {
	return c.call(ctx, wire.Forget, string(id), nil, nil)
}

// Acknowledge lets events up to and including seq be forgotten.
func (c *Client) Acknowledge(ctx context.Context, epoch string, seq uint64) error {
	return c.call(ctx, wire.Acknowledge, "", wire.Cursor{Epoch: epoch, Seq: seq}, nil)
}

// Decide answers logins.
func (c *Client) Decide(ctx context.Context, ds []vpn.LoginDecision) error {
	return c.call(ctx, wire.Decide, "", ds, nil)
}

// Terminate ends connections.
func (c *Client) Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error {
	return c.call(ctx, wire.Terminate, "", wire.Termination{Connections: ids, Reason: reason}, nil)
}

// Connections gives every live connection with its counters.
func (c *Client) Connections(ctx context.Context) (out []vpn.LiveConnection, err error) {
	err = c.call(ctx, wire.Connections, "", nil, &out)
	return out, err
}

// call makes one request. pattern is one of wire's.
func (c *Client) call(ctx context.Context, pattern, id string, body, answer any) error {
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
		return refusal(res)
	}
	if answer == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
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

func refusal(res *http.Response) error {
	var e wire.Error
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&e); err != nil || e.Msg == "" {
		return fmt.Errorf("the dataplane answered with status %d", res.StatusCode)
	}
	return &vpn.Error{Kind: wire.KindOf(res.StatusCode), Code: e.Code, Msg: e.Msg, Fields: e.Fields}
}

// unavailable says in a sentence why nobody answers.
func (c *Client) unavailable(err error) error {
	sentence := "The dataplane does not answer."
	switch {
	case errors.Is(err, os.ErrNotExist):
		sentence = "The dataplane is not running: there is no socket " + c.path + "."
	case errors.Is(err, syscall.ECONNREFUSED):
		sentence = "The dataplane is not running: nobody listens on its socket."
	case errors.Is(err, os.ErrPermission):
		sentence = "The dataplane's socket " + c.path + " may not be opened by this user."
	}
	return vpn.Refuse(vpn.Unavailable, vpn.CodeDataplaneUnavailable, sentence).Because(err)
}

// silence is three heartbeats.
const silence = 3 * wire.HeartbeatSeconds * time.Second

// Events yields events until ctx ends or the stream breaks; the break is the last thing yielded.
func (c *Client) Events(ctx context.Context, epoch string, after uint64) iter.Seq2[vpn.Event, error] {
	return stream[vpn.Event](ctx, c, wire.Events, url.Values{"epoch": {epoch}, "after": {strconv.FormatUint(after, 10)}})
}

// Logins yields the logins that wait for a decision, and then each new one, until ctx ends or the
// stream breaks; the break is the last thing yielded. The next call yields those that still wait
// again.
func (c *Client) Logins(ctx context.Context) iter.Seq2[vpn.LoginRequest, error] {
	return stream[vpn.LoginRequest](ctx, c, wire.Logins, nil)
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
			yield(none, refusal(res))
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
