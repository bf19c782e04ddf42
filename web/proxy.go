package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// forwardedHeaders name the client of a reverse proxy. Echo trusts those for the scheme from every
// peer, so they are removed from requests of undeclared peers before echo reads them.
var forwardedHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Protocol",
	"X-Forwarded-Ssl", "X-Url-Scheme", "X-Real-Ip",
}

// trustProxyHeaders keeps X-Forwarded-For and X-Forwarded-Proto of declared proxies and removes
// every such header otherwise. It logs once when a proxy on this host is not declared: all its clients
// then share one address, so that failed sign-ins of one of them slow down the others.
func trustProxyHeaders(trusted []netip.Prefix, log *slog.Logger, next http.Handler) http.Handler {
	var undeclared sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trusts := isTrusted(trusted, r.RemoteAddr)
		if !trusts && r.Header.Get("X-Forwarded-For") != "" && isLoopback(r.RemoteAddr) {
			undeclared.Do(func() { //nolint:contextcheck // logged once for the process, not for a request
				log.WarnContext(r.Context(), "a reverse proxy on this host is not among trusted_proxies: all its clients count as one", "proxy", r.RemoteAddr)
			})
		}
		for _, name := range forwardedHeaders {
			if !trusts || (name != "X-Forwarded-For" && name != "X-Forwarded-Proto") {
				r.Header.Del(name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// onlyProxies refuses peers that are neither this host nor a declared proxy: over plain HTTP another
// host would send passwords in clear text.
func onlyProxies(what string, trusted []netip.Prefix, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.RemoteAddr) && !isTrusted(trusted, r.RemoteAddr) {
			http.Error(w, what+" can be reached here through the reverse proxy only (trusted_proxies). Open the address of the proxy.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

func isTrusted(trusted []netip.Prefix, remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range trusted {
		if p.Contains(peer.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// clientScheme is the scheme that the client uses: of the connection, or what its last proxy reports. trustProxyHeaders
// has removed the report of every other peer; echo's own default believes proxies with private addresses only.
func clientScheme(r *http.Request) string {
	reports := r.Header.Values("X-Forwarded-Proto")
	if r.TLS != nil || len(reports) > 0 && strings.EqualFold(lastOf(reports), "https") {
		return "https"
	}
	return "http"
}

// lastOf is the last value of a header that is a list.
func lastOf(values []string) string {
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

// clientAddress finds the address of the client: the peer, or what trusted proxies report.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP:   p.Masked().Addr().AsSlice(),
			Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
