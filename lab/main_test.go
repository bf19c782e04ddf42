package lab

import (
	"flag"
	"os"
	"testing"

	"sallyport/lab/gateway"
)

// TestMain runs one test more at a time than there are cores on a small machine: the tests mostly wait
// for processes to restart and for clients to connect.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == "2" {
		_ = parallel.Value.Set("3")
	}
	os.Exit(gateway.Main(m, nil, "ping", "setpriv", "ss"))
}
