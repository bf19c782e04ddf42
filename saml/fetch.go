package saml

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"sallyport/vpn"
)

// Fetcher reads the metadata document behind a URL that an administrator gave. The URL comes from a form, and what it leads
// to from a foreign name server: so it speaks HTTPS, follows no redirect to another host, checks each address after its
// name was looked up, and bounds time and size. It uses no proxy, sends no cookie and unpacks nothing.
type Fetcher struct {
	// Private lets it connect to private addresses and to this host. Link-local addresses, where clouds have their metadata
	// service, stay refused.
	Private bool
	Roots   *x509.CertPool // the authorities of servers; nil: those that this host trusts
	Timeout time.Duration  // of a whole read; 0: DefaultFetchTimeout

	resolver *net.Resolver // nil: the host's
}

// DefaultFetchTimeout bounds a whole read.
const DefaultFetchTimeout = 10 * time.Second

// PrivateSetting is the setting of the program that lets a Fetcher connect to private addresses.
const PrivateSetting = "metadata_private_addresses"

const (
	maxRedirects = 3
	maxHeaders   = 64 << 10
)

// Fetch reads a document. Its errors are *vpn.Error: Invalid where the URL cannot be used, otherwise Unavailable; the
// sentence is for the administrator.
func (f Fetcher) Fetch(ctx context.Context, address string) ([]byte, error) {
	u, fault := vpn.ParseMetadataURL(address)
	if fault == "" && u.Scheme != "https" && !f.Private {
		fault = u.Host + " is read without TLS: that is possible only on this host, and where " + PrivateSetting + " is set."
	}
	if fault != "" {
		return nil, vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, fault)
	}
	timeout := f.Timeout
	if timeout == 0 {
		timeout = DefaultFetchTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(limited, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, unreadable("The URL cannot be requested.", err)
	}
	r.Header.Set("Accept", "application/samlmetadata+xml, application/xml, text/xml")
	r.Header.Set("User-Agent", "Sallyport")
	client := f.client()
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return nil, f.explain(u, timeout, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, unreadable(fmt.Sprintf("%s answers with status %d, not with a document.", u.Host, answer.StatusCode), nil)
	}
	if answer.ContentLength > vpn.MaxSAMLMetadata {
		return nil, tooLong(u)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, vpn.MaxSAMLMetadata+1))
	switch {
	case err != nil:
		return nil, f.explain(u, timeout, err)
	case len(body) > vpn.MaxSAMLMetadata:
		return nil, tooLong(u)
	case len(body) == 0:
		return nil, unreadable(u.Host+" answers with an empty document.", nil)
	}
	return body, nil
}

func unreadable(sentence string, cause error) error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeMetadataUnreadable, sentence).Because(cause)
}

func tooLong(u *url.URL) error {
	return unreadable(fmt.Sprintf("The document of %s is longer than %d KB. Give the URL of one identity provider, not that of a federation.", u.Host, vpn.MaxSAMLMetadata>>10), nil)
}

func (f Fetcher) client() *http.Client {
	dialer := &net.Dialer{Resolver: f.resolver, Control: f.checkAddress}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: f.Roots},
			DisableCompression: true, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			first := via[0].URL
			switch {
			case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme || next.URL.User != nil:
				return redirected{first.Host, next.URL}
			case len(via) > maxRedirects:
				return errRedirects
			}
			return nil
		},
	}
}

// redirected is a redirect that is not followed.
type redirected struct {
	from string
	to   *url.URL
}

func (r redirected) Error() string { return "redirect to " + r.to.Redacted() }

var errRedirects = errors.New("too many redirects")

// refusedAddress is an address that may not be connected to.
type refusedAddress struct {
	addr  netip.Addr
	never bool // no setting allows it
}

func (r refusedAddress) Error() string { return r.addr.String() + " is not a public address" }

// checkAddress is called with each address that a connection is about to be made to, after the name was looked up: what a
// name server answers a second time is checked too.
func (f Fetcher) checkAddress(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("%s %s cannot be connected to", network, address)
	}
	addr := at.Addr().Unmap().WithZone("")
	switch {
	case isNeverAllowed(addr):
		return refusedAddress{addr, true}
	case !f.Private && !isPublic(addr):
		return refusedAddress{addr, false}
	}
	return nil
}

// explain turns what failed into a sentence that an administrator can act on.
func (f Fetcher) explain(u *url.URL, timeout time.Duration, err error) error {
	host := u.Hostname()
	if to, ok := errors.AsType[redirected](err); ok {
		return unreadable(fmt.Sprintf("%s redirects to %s, which is not followed. If that is where the document is, enter its URL.", to.from, vpn.PrintableText(shortened(to.to.Redacted()))), err)
	}
	if refused, ok := errors.AsType[refusedAddress](err); ok {
		if refused.never {
			return unreadable(fmt.Sprintf("%s is at %s, which no document is read from.", host, refused.addr), err)
		}
		return unreadable(fmt.Sprintf("%s is at %s, which is not a public address. Upload the document, or allow such addresses with %s in the configuration file.", host, refused.addr, PrivateSetting), err)
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && !unknown.IsTimeout {
		return unreadable(fmt.Sprintf("The name %s cannot be looked up.", host), err)
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return unreadable(fmt.Sprintf("The certificate of %s is not trusted by this host: %s. Upload the document instead, or have this host trust its authority.", u.Host, certificateFault(bad)), err)
	}
	if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() {
		return unreadable(fmt.Sprintf("%s did not send the whole document within %s.", u.Host, timeout), err)
	}
	if errors.Is(err, errRedirects) {
		return unreadable(u.Host+" redirects again and again.", err)
	}
	return unreadable(fmt.Sprintf("%s cannot be read: no connection, or an answer that is not HTTP.", u.Host), err)
}

func certificateFault(bad *tls.CertificateVerificationError) string {
	if _, ok := errors.AsType[x509.HostnameError](bad.Err); ok {
		return "it is for another name"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](bad.Err); ok && invalid.Reason == x509.Expired {
		return "it has expired, or is not valid yet"
	}
	return "its authority is unknown"
}

// shortened is a text of another host in a sentence.
func shortened(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
