package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/labstack/echo/v4"
)

// forwarded are the headers by which proxies speak of the real client. Echo believes the scheme
// ones from anybody, so they are removed from requests of strangers before echo sees them.
var forwarded = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Protocol",
	"X-Forwarded-Ssl", "X-Url-Scheme", "X-Real-Ip",
}

// believeProxies keeps X-Forwarded-For and X-Forwarded-Proto from declared proxies and removes
// every such header otherwise. A proxy on this host that was not declared is told of, once: to us all
// its visitors are one, so that a stranger's failed sign-ins slow the administrators down.
func believeProxies(trusted []netip.Prefix, log *slog.Logger, next http.Handler) http.Handler {
	var undeclared sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		believed := isTrusted(trusted, r.RemoteAddr)
		if !believed && r.Header.Get("X-Forwarded-For") != "" && isLoopback(r.RemoteAddr) {
			undeclared.Do(func() { //nolint:contextcheck // said once for the process, not for a request
				log.WarnContext(r.Context(), "a reverse proxy on this host is not among trusted_proxies: all its visitors count as one", "proxy", r.RemoteAddr)
			})
		}
		for _, name := range forwarded {
			if !believed || (name != "X-Forwarded-For" && name != "X-Forwarded-Proto") {
				r.Header.Del(name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// onlyProxies turns away whoever is neither this host nor a declared proxy: over plain HTTP a
// stranger would send a password in the clear.
func onlyProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.RemoteAddr) && !isTrusted(trusted, r.RemoteAddr) {
			http.Error(w, "The console accepts requests here from its reverse proxy only (trusted_proxies). Open it by the address of the proxy.", http.StatusForbidden)
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

// clientAddress finds whom a request is from: the peer, or what trusted proxies say of it.
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
