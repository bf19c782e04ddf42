package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

// TCP is the Connect of this host. It sends no byte over the connection.
func TCP(ctx context.Context, to netip.AddrPort, from netip.Addr) error {
	var d net.Dialer
	if from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	conn, err := d.DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return err
	}
	return conn.Close()
}

// outcomeOf is what the error of a connection tells about the host. What tells nothing is an error.
func outcomeOf(err error) (vpn.ProbeOutcome, error) {
	switch {
	case err == nil:
		return vpn.ProbeAnswered, nil
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ECONNRESET):
		return vpn.ProbeRefused, nil
	case errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.ENOPROTOOPT):
		return vpn.ProbeUnreachable, nil
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, unix.ETIMEDOUT):
		return vpn.ProbeSilent, nil
	}
	return "", vpn.Refuse(vpn.Unavailable, vpn.CodeProbeFailed, "The connection cannot be opened from this host; the server's log has the reason.").Because(err)
}
