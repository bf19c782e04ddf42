package lab

import (
	"testing"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// site is a gateway in the lab's network, with a signed-in administrator.
type site struct {
	*topology
	*gateway.Gateway
	*gateway.Admin
}

func newSite(t testing.TB, clients int, settings ...string) *site {
	t.Helper()
	w := newTopology(t, clients)
	w.serveEcho(t)
	return signUp(t, w, startGateway(t, w.gatewayHost, settings...))
}

// signUp makes the first administrator of a gateway.
func signUp(t testing.TB, w *topology, g *gateway.Gateway) *site {
	t.Helper()
	return &site{topology: w, Gateway: g, Admin: gateway.SignUp(t, g)}
}

// forTest gives the same site to a subtest, whose failures are then its own.
func (s *site) forTest(t testing.TB) *site {
	copied := *s
	copied.Admin = s.Admin.For(t)
	return &copied
}

// newGateway prepares the program under the address that clients of the lab's network know.
func newGateway(t testing.TB, on *netlab.Namespace, settings ...string) *gateway.Gateway {
	t.Helper()
	return gateway.New(t, on, append([]string{"SALLYPORT_PUBLIC_NAME=" + gatewayWAN}, settings...)...)
}

func startGateway(t testing.TB, on *netlab.Namespace, settings ...string) *gateway.Gateway {
	t.Helper()
	g := newGateway(t, on, settings...)
	g.Start(t, "serve")
	return g
}

// serveEcho has every host that is no client answer on netlab.EchoPort.
func (w *topology) serveEcho(t testing.TB) {
	t.Helper()
	for _, n := range []*netlab.Namespace{w.hostA, w.hostB, w.internet, w.left, w.right} {
		n.Serve(t, netlab.EchoPort)
	}
}
