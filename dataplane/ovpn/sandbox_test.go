package ovpn_test

import (
	"testing"

	"sallyport/lab/netlab"
)

func TestMain(m *testing.M) { netlab.Main(m, netlab.Sandbox{}) }
