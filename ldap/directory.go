package ldap

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

const (
	maxSearching = 16 // connections of the service account
	maxProving   = 64 // passwords that are proved at a time
)

// Directory is one directory as it is configured now. It is safe for use by several goroutines.
type Directory struct {
	options  vpn.DirectoryOptions
	password vpn.Secret
	timeouts Timeouts
	servers  []*server
	roots    *x509.CertPool // nil: those of this host

	mu     sync.Mutex // guards closed; held for no call
	closed bool

	idle    chan *conn    // of the service account, at rest
	places  chan struct{} // one for each connection of the service account
	proving chan struct{} // one for each password that is being proved
	domain  domainName
}

// New prepares a directory; it connects when it is first used. The password is the service account's. Fields: ca,
// user_filter, base_dn.
func New(o vpn.DirectoryOptions, password vpn.Secret, t Timeouts) (*Directory, error) {
	d := &Directory{
		options: o, password: password, timeouts: t,
		idle: make(chan *conn, maxSearching), places: make(chan struct{}, maxSearching), proving: make(chan struct{}, maxProving),
	}
	for _, raw := range o.URLs {
		s, err := newServer(raw)
		if err != nil {
			return nil, fmt.Errorf("directory URL: %w", err)
		}
		d.servers = append(d.servers, s)
	}
	var check vpn.Check
	if o.CA != "" {
		d.roots = x509.NewCertPool()
		if !d.roots.AppendCertsFromPEM([]byte(o.CA)) {
			check.Bad("ca", "No certificate can be read here. Paste the authority of the directory's certificates, in PEM.")
		}
	}
	if sentence := filterFault(o.UserFilter); sentence != "" {
		check.Bad("user_filter", sentence)
	}
	if _, err := goldap.ParseDN(o.BaseDN); err != nil {
		check.Bad("base_dn", "This is no DN; write it as DC=corp,DC=example,DC=com.")
	}
	return d, check.Err()
}

// Close ends the connections at rest, and those in use when they come to rest.
func (d *Directory) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for {
		select {
		case c := <-d.idle:
			_ = c.Close()
		default:
			return
		}
	}
}

// searching runs f on a connection of the service account. Where a connection that had rested is found broken, f runs
// again on a new one.
func (d *Directory) searching(ctx context.Context, trace *vpn.SignInTrace, f func(c *conn) error) error {
	select {
	case d.places <- struct{}{}:
		defer func() { <-d.places }()
	case <-ctx.Done():
		return unavailable("The directory is slow: too many searches wait for it.", ctx.Err())
	}
	for {
		c, rested, err := d.serviceConn(ctx, trace)
		if err != nil {
			return err
		}
		err = f(c)
		if !broken(err) && !c.IsClosing() {
			d.rest(c)
			return err
		}
		_ = c.Close()
		if !rested || ctx.Err() != nil {
			return err
		}
	}
}

// rest keeps a connection for the next search, where there is room: a test sign-in always makes one of its own.
func (d *Directory) rest(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		_ = c.Close()
		return
	}
	select {
	case d.idle <- c:
	default:
		_ = c.Close()
	}
}

// broken tells whether an error leaves a connection of no use.
func broken(err error) bool {
	return goldap.IsErrorAnyOf(err, goldap.ErrorNetwork, goldap.ErrorUnexpectedMessage, goldap.ErrorUnexpectedResponse, goldap.LDAPResultTimeout) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// serviceConn gives a connection of the service account; rested tells that it has been used before.
func (d *Directory) serviceConn(ctx context.Context, trace *vpn.SignInTrace) (c *conn, rested bool, err error) {
	for trace == nil { // an administrator's trial goes the whole way
		select {
		case c := <-d.idle:
			if !c.IsClosing() {
				return c, true, nil
			}
			_ = c.Close()
			continue
		default:
		}
		break
	}
	if c, err = d.dial(ctx, trace); err != nil {
		return nil, false, err
	}
	done := trace.Step("Sign in as the service account")
	err = c.do(ctx, func() error { return c.Bind(d.options.BindDN, d.password.Reveal()) })
	if err != nil {
		_ = c.Close()
		if refusal := bindRefusal(err, nil); refusal != nil {
			err = misconfigured("The directory refuses the service account: "+refusal.Msg+" Correct its name and password.", err)
		} else {
			err = unavailable(fmt.Sprintf("The directory did not answer the service account: %v.", err), err)
		}
		done(err, d.options.BindDN)
		return nil, false, err
	}
	done(nil, d.options.BindDN)
	return c, false, nil
}
