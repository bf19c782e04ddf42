package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

// maxMessage is the largest answer of a directory, in bytes, that is read. A user with 10,000 groups has about 1 MB.
const maxMessage = 16 << 20

func init() { ber.MaxPacketLengthBytes = maxMessage }

// Timeouts bound the steps of a sign-in.
type Timeouts struct {
	Dial      time.Duration // to one server, TLS included
	Operation time.Duration // a bind or a search
	Skip      time.Duration // a server that could not be reached is tried last for so long
}

// DefaultTimeouts are those of the program.
var DefaultTimeouts = Timeouts{Dial: 5 * time.Second, Operation: 10 * time.Second, Skip: 30 * time.Second}

// server is one URL of a directory.
type server struct {
	url  *url.URL
	addr string // host:port

	mu     sync.Mutex // guards failed; held for no call
	failed time.Time  // the last time that it could not be reached
}

func newServer(raw string) (*server, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "ldaps":
		port = goldap.DefaultLdapsPort
	default:
		port = goldap.DefaultLdapPort
	}
	return &server{url: u, addr: net.JoinHostPort(u.Hostname(), port)}, nil
}

func (s *server) failedSince(t time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed.After(t)
}

func (s *server) setFailed(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = t
}

// order is the servers as they are tried: the one of them that failed lately last.
func (d *Directory) order() []*server {
	since := time.Now().Add(-d.timeouts.Skip)
	var well, failed []*server
	for _, s := range d.servers {
		if s.failedSince(since) {
			failed = append(failed, s)
		} else {
			well = append(well, s)
		}
	}
	return append(well, failed...)
}

// dial connects to the first server that answers.
func (d *Directory) dial(ctx context.Context, trace *vpn.SignInTrace) (*conn, error) {
	var faults []error
	for _, s := range d.order() {
		c, err := d.dialServer(ctx, s, trace)
		if err == nil {
			s.setFailed(time.Time{})
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, unavailable("The directory did not answer in time.", err)
		}
		s.setFailed(time.Now())
		faults = append(faults, err)
	}
	if len(faults) == 1 {
		return nil, faults[0]
	}
	return nil, unavailable("No server of the directory can be used: "+joinSentences(faults), errors.Join(faults...))
}

func joinSentences(list []error) string {
	var out []string
	for _, err := range list {
		out = append(out, err.Error())
	}
	return strings.Join(out, " ")
}

func (d *Directory) dialServer(ctx context.Context, s *server, trace *vpn.SignInTrace) (*conn, error) {
	done := trace.Step("Connect to " + s.url.String())
	ctx, cancel := context.WithTimeout(ctx, d.timeouts.Dial)
	defer cancel()
	c, detail, err := d.handshake(ctx, s)
	if err != nil {
		err = connectFault(s.url.Hostname(), err)
	}
	done(err, detail...)
	return c, err
}

// handshake connects and, unless the directory is to be used without it, begins TLS.
func (d *Directory) handshake(ctx context.Context, s *server) (*conn, []string, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, nil, err
	}
	detail := []string{"address " + raw.RemoteAddr().String()}
	config := &tls.Config{ServerName: s.url.Hostname(), RootCAs: d.roots, MinVersion: tls.VersionTLS12}
	// Until TLS is agreed, the deadline of ctx ends the connection.
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if s.url.Scheme == "ldaps" {
		secured := tls.Client(raw, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, detail, timeoutOf(ctx, err)
		}
		return newConn(secured, true, d.timeouts.Operation), append(detail, describeTLS(secured.ConnectionState())...), nil
	}
	c := newConn(raw, false, d.timeouts.Operation)
	if d.options.WithoutTLS {
		return c, append(detail, "without TLS, on this host"), nil
	}
	if err := c.StartTLS(config); err != nil {
		_ = c.Close()
		return nil, detail, timeoutOf(ctx, unwrapped(err))
	}
	state, _ := c.TLSConnectionState()
	return c, append(detail, describeTLS(state)...), nil
}

// timeoutOf is the end of ctx, where that is why an operation failed.
func timeoutOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// unwrapped is the error inside the library's own, which hides it from errors.As.
func unwrapped(err error) error {
	if e, ok := errors.AsType[*goldap.Error](err); ok && e.Err != nil {
		return e.Err
	}
	return err
}

func describeTLS(state tls.ConnectionState) []string {
	out := []string{tls.VersionName(state.Version) + ", " + tls.CipherSuiteName(state.CipherSuite)}
	for _, cert := range state.PeerCertificates {
		out = append(out, describeCertificate(cert))
	}
	return out
}

func describeCertificate(cert *x509.Certificate) string {
	names := append([]string{}, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	shown := ""
	if len(names) > 0 {
		shown = " (" + vpn.PrintableText(strings.Join(names, ", ")) + ")"
	}
	return fmt.Sprintf("certificate %s%s, issued by %s, valid until %s",
		vpn.PrintableText(cert.Subject.String()), shown, vpn.PrintableText(cert.Issuer.String()), cert.NotAfter.UTC().Format("2 January 2006"))
}

// conn is a connection to a server whose operations end with their context.
type conn struct {
	*goldap.Conn
}

func newConn(raw net.Conn, secured bool, operation time.Duration) *conn {
	c := goldap.NewConn(raw, secured)
	c.SetTimeout(operation)
	c.Start()
	return &conn{c}
}

// do runs one operation. Where ctx ends first, the connection is closed, which ends the operation.
func (c *conn) do(ctx context.Context, operation func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	return timeoutOf(ctx, operation())
}

// search is one search, within ctx. Entries of other servers are left out: no reference is followed.
func (c *conn) search(ctx context.Context, r *goldap.SearchRequest) (out *goldap.SearchResult, err error) {
	err = c.do(ctx, func() error { out, err = c.Search(r); return err })
	return out, err
}
