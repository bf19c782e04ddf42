package ovpn_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
)

// Admit sends both commands before either reply; the first reply alone decides.
func TestAdmit(t *testing.T) {
	cidr := netip.MustParsePrefix("10.8.0.0/22")
	for name, c := range map[string]struct {
		answers []string
		want    error
	}{
		"both":               {[]string{"SUCCESS: client-auth command succeeded", "SUCCESS: client-pending-auth command succeeded"}, nil},
		"second refused":     {[]string{"SUCCESS: client-auth command succeeded", "ERROR: client-pending-auth command failed"}, nil},
		"the client is gone": {[]string{"ERROR: client-auth command failed", "ERROR: client-pending-auth command failed"}, ovpn.ErrNoClient},
	} {
		t.Run(name, func(t *testing.T) {
			conn, p := dial(t)
			err := during(t, func() error {
				return conn.Admit(t.Context(), 3, 1, []ovpn.Directive{ovpn.IfconfigPush(netip.MustParseAddr("10.8.0.2"), cidr)})
			}, func() {
				p.expect("client-auth 3 1", "ifconfig-push 10.8.0.2 255.255.252.0", "END", `client-pending-auth 3 1 "GRANTED" 180`)
				p.send(c.answers...)
			})
			if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// Admit succeeds with the first reply; the second one may come late and is not taken for the reply to
// the next command.
func TestAdmitWithoutSecondReply(t *testing.T) {
	conn, p := dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := during(t, func() error { return conn.Admit(ctx, 3, 1, nil) }, func() {
		p.expect("client-auth 3 1", "END", `client-pending-auth 3 1 "GRANTED" 180`)
		p.send("SUCCESS: client-auth command succeeded")
	})
	if err != nil {
		t.Errorf("got %v, want it admitted", err)
	}
	err = during(t, func() error { _, err := conn.Pid(t.Context()); return err }, func() {
		p.expect("pid")
		p.send("SUCCESS: client-pending-auth command succeeded", "SUCCESS: pid=7")
	})
	if err != nil {
		t.Errorf("the next command got the wrong reply: %v", err)
	}
}
