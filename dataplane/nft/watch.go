package nft

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// groupRules is the multicast group that reports every committed change (NFNLGRP_NFTABLES).
const groupRules = 7

// Changes signals committed transactions. Each channel holds at most one signal, and is closed when
// the watch ends. The zero value signals nothing.
type Changes struct {
	Any     <-chan struct{} // of this program or another
	Foreign <-chan struct{} // that concern a table of another program
}

// Watch signals transactions within milliseconds, so that a caller can call Drift at once and a flush
// of all rules is repaired without a window of seconds. name is that of our table; a table whose name
// begins with it and "-" is ours too. The watch ends when ctx ends or the socket fails.
func Watch(ctx context.Context, name string) (Changes, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return Changes{}, asUnavailable(err)
	}
	if err := conn.JoinGroup(groupRules); err != nil {
		_ = conn.Close()
		return Changes{}, asUnavailable(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	changed, foreign := make(chan struct{}, 1), make(chan struct{}, 1)
	go func() {
		defer close(changed)
		defer close(foreign)
		defer stop()
		for {
			messages, err := conn.Receive()
			if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, os.ErrDeadlineExceeded) {
				_ = conn.Close()
				return
			}
			// Lost messages (ENOBUFS) are changes too.
			signal(changed)
			if err != nil || slices.ContainsFunc(messages, func(m netlink.Message) bool { return isForeign(m, name) }) {
				signal(foreign)
			}
		}
	}()
	return Changes{Any: changed, Foreign: foreign}, nil
}

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

const (
	headerLength   = 4 // of struct nfgenmsg, which precedes the attributes
	attributeTable = 1 // NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE and so on: the same in all messages but NEWGEN
)

// isForeign tells whether a message reports a change of a table of another program.
func isForeign(m netlink.Message, name string) bool {
	if m.Header.Type&0xff == unix.NFT_MSG_NEWGEN || len(m.Data) < headerLength {
		return false
	}
	attributes, err := netlink.NewAttributeDecoder(m.Data[headerLength:])
	if err != nil {
		return true
	}
	for attributes.Next() {
		if attributes.Type() == attributeTable {
			return !isOurs(attributes.String(), name)
		}
	}
	return true
}

func isOurs(table, name string) bool { return table == name || strings.HasPrefix(table, name+"-") }
