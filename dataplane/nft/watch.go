package nft

import (
	"context"
	"errors"
	"os"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// groupRules is the multicast group that hears of every committed change (NFNLGRP_NFTABLES).
const groupRules = 7

// Watch tells within milliseconds that some transaction, of ours or not, was committed, so that
// Drift is asked at once and a flush of all rules opens no window of seconds. The channel holds
// one signal at most and is closed when ctx ends or the socket fails.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := conn.JoinGroup(groupRules); err != nil {
		_ = conn.Close()
		return nil, unavailable(err)
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
