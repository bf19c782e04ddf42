package host

import (
	"errors"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// watchForwarding signals that forwarding or another setting of an interface, or of the host as a
// whole, changed. The channel is closed after done is closed, or when the subscription failed.
func watchForwarding(done <-chan struct{}) (<-chan struct{}, error) {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return nil, err
	}
	if err := conn.JoinGroup(unix.RTNLGRP_IPV4_NETCONF); err != nil {
		_ = conn.Close()
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-done:
		case <-ended:
		}
		_ = conn.Close()
	}()
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		defer close(ended)
		for {
			// Lost messages (ENOBUFS) are changes too.
			if _, err := conn.Receive(); err != nil && !errors.Is(err, unix.ENOBUFS) {
				return
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed, nil
}
