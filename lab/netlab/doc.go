// Package netlab gives tests hosts and networks of their own on one machine: network namespaces
// joined by veth pairs, a sandbox for a whole test binary, OpenVPN clients, servers that answer.
// Only tests import it. It needs root, and says what is missing otherwise.
//
// A test of one package of the dataplane runs in a sandbox, where the test process itself is the
// gateway:
//
//	func TestMain(m *testing.M) { netlab.Main(m, netlab.Sandbox{}) }
//
//	func TestClientReachesTarget(t *testing.T) {
//		netlab.NeedSandbox(t, "ip", "nft")
//		target := netlab.New(t, "target")
//		netlab.Connect(t, netlab.Here(), "lan0", "192.0.2.1/24", target, "eth0", "192.0.2.2/24")
//		target.Serve(t, netlab.EchoPort)
//		if !netlab.Here().Reaches("192.0.2.2", netlab.EchoPort) {
//			t.Error("the target does not answer")
//		}
//	}
//
// A test of the whole program stands on lab/gateway instead, which runs the program in a namespace.
// Certificates that the program does not issue come from lab/testpki.
package netlab
