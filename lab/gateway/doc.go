// Package gateway runs the real program for tests: it builds it once, starts it in a network
// namespace, signs in through the set-up link and drives the console over HTTP. Only tests import
// it. Networks and clients come from lab/netlab.
//
// A lab test in ten lines (gateway.Main is what TestMain calls):
//
//	func TestRuleOpensTarget(t *testing.T) {
//		host, client, target := netlab.New(t, "gw"), netlab.New(t, "client"), netlab.New(t, "target")
//		netlab.Connect(t, host, "wan", "192.0.2.1/24", client, "eth0", "192.0.2.2/24")
//		netlab.Connect(t, host, "lan", "10.0.1.1/24", target, "eth0", "10.0.1.10/24")
//		target.IP(t, "route", "add", "default", "via", "10.0.1.1")
//		target.Serve(t, netlab.EchoPort)
//		a := gateway.SignUp(t, gateway.Start(t, host, "SALLYPORT_PUBLIC_NAME=192.0.2.1"))
//		a.CreateNetwork(); a.CreateCertificates("alice"); a.CreateEndpoint(nil); a.Associate("subnet-a"); a.Authorize("10.0.1.0/24")
//		a.WaitRow("/rules", "10.0.1.0/24", "active")
//		netlab.ConnectClient(t, client, a.Profile("alice"))
//		if !client.Reaches("10.0.1.10", netlab.EchoPort) { t.Error("the target does not answer") }
//	}
package gateway
