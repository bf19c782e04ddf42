package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"sallyport/handlers/admin"
	"sallyport/handlers/portal"
	"sallyport/vpn"
)

// TableRow is a route for tests outside the package.
type TableRow struct {
	Method, Path string
	Policy       string
}

// Table is the route table as registered.
func Table(s admin.Services) []TableRow {
	names := map[callers]string{everyClient: "public", beforeSetup: "setup", everyAccount: "signed-in"}
	var out []TableRow
	for _, r := range routes(admin.New(admin.Config{Services: s}), s.Core) {
		name := names[r.policy.callers]
		if r.policy.action.Access() == vpn.Writes {
			name = "may-change"
		}
		out = append(out, TableRow{r.method, r.path, name})
	}
	return out
}

// PublicTable is the route table of the public pages as registered.
func PublicTable(s portal.Services) []TableRow {
	names := map[publicPolicy]string{everyVisitor: "visitor", fromIdentityProvider: "identity-provider", portalUser: "portal-user", portalMFAUser: "portal-mfa-user"}
	var out []TableRow
	for _, r := range publicRoutes(portal.New(portal.Config{Services: s}), s) {
		out = append(out, TableRow{r.method, r.path, names[r.policy]})
	}
	return out
}

// OpenOf is how many connections one client may have.
func (l Limits) OpenOf() int { return l.openOf }

// TakeTurns has forms of identity providers take turns.
var TakeTurns = takeTurns

// ACSPattern is what other sites may send.
const ACSPattern = acsPattern

// ServeQuickly serves plain HTTP with the times for a request divided, so that a test can wait for them.
func ServeQuickly(ctx context.Context, l net.Listener, h http.Handler, limits Limits, divided time.Duration, log *slog.Logger) error {
	s := newServer(h, nil, limits, log)
	s.ReadHeaderTimeout /= divided
	s.ReadTimeout /= divided
	return serve(ctx, bound(l, nil, limits), s)
}
