package netlab

import (
	"strings"
	"testing"
)

func TestMissingCommandNamesItsPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for command, want := range map[string]string{"nft": "nftables", "openvpn": "openvpn"} {
		if got := missingCommand([]string{command}); !strings.Contains(got, "command "+command) || !strings.HasSuffix(got, "package "+want) {
			t.Errorf("%s: got %q, want it to name the package %s", command, got, want)
		}
	}
	if got := missingCommand(nil); got != "" {
		t.Errorf("without commands: got %q", got)
	}
}
