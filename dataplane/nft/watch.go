package nft

import (
	"context"
	"errors"
	"os"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// groupRules is the multicast group that reports every committed change (NFNLGRP_NFTABLES).
const groupRules = 7

// Watch signals within milliseconds that a transaction, of this program or another, was committed,
// so that a caller can call Drift at once and a flush of all rules is repaired without a window of
// seconds. The channel holds at most one signal and is closed when ctx ends or the socket fails.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, asUnavailable(err)
	}
	if err := conn.JoinGroup(groupRules); err != nil {
		_ = conn.Close()
		return nil, asUnavailable(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		defer stop()
		for {
			_, err := conn.Receive()
			if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, os.ErrDeadlineExceeded) {
				_ = conn.Close()
				return
			}
			// Lost messages (ENOBUFS) are changes too.
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed, nil
}
