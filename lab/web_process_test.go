package lab

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"sallyport/lab/netlab"
)

// The web process, which talks to unauthenticated clients, has neither root's terminal, where it could
// type and read, nor root's environment, which may hold tokens.
func TestWebHasNeitherTerminalNorEnvironmentOfRoot(t *testing.T) {
	t.Parallel()
	in := netlab.New(t, "gw")
	g := startGateway(t, in, "AWS_SECRET_ACCESS_KEY=of-the-administrator")
	web := g.Processes("web")
	if len(web) != 1 {
		t.Fatalf("web processes: %v", web)
	}
	proc := fmt.Sprintf("/proc/%d", web[0])
	environ, err := os.ReadFile(proc + "/environ")
	if err != nil || !bytes.Contains(environ, []byte("SALLYPORT_DATA_DIR=")) || bytes.Contains(environ, []byte("AWS_")) {
		t.Errorf("its environment is %q, %v", environ, err)
	}
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	after := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from field 3 on
	if session := after[3]; session != strconv.Itoa(web[0]) {
		t.Errorf("it is of session %s, not of its own, %d", session, web[0])
	}
	for _, fd := range []string{"1", "2"} {
		own, err1 := os.Readlink(proc + "/fd/" + fd)
		roots, err2 := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", g.CommandPID("serve"), fd))
		if err1 != nil || err2 != nil || own == roots {
			t.Errorf("its file %s is %s, root's is %s (%v, %v)", fd, own, roots, err1, err2)
		}
	}
	g.Stop(t)
}
