package firewall_test

import (
	"testing"

	"sallyport/lab/netlab"
)

// TestMain runs the tests in a sandbox, where the packet filter is empty and may be changed.
func TestMain(m *testing.M) { netlab.Main(m, netlab.Sandbox{}) }

func nftCommand(t *testing.T, script string) {
	t.Helper()
	netlab.NeedSandbox(t, "nft")
	netlab.Here().NFT(t, script)
}
