package lab

import (
	"os"
	"testing"

	"sallyport/lab/gateway"
)

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, nil, "ping", "setpriv", "ss")) }
