package ovpn

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status is a worker's list of its clients.
type Status struct {
	At      time.Time
	Clients []StatusClient
}

// StatusClient is one client. Addr is invalid where the client is not established: its login is pending,
// or was denied a moment ago. The worker does not report the KID; a journal must keep it.
type StatusClient struct {
	CID        CID
	CommonName string // "UNDEF" until the handshake has told the name
	Username   string // "UNDEF" where there is none
	Peer       netip.AddrPort
	Addr       netip.Addr
	In, Out    uint64 // In is what the worker received
	Since      time.Time
}

// parseStatus parses the reply to `status 3`, whose columns are separated by tabs. Columns are found by
// their names in the header, because newer versions have more of them.
func parseStatus(lines []string) (Status, error) {
	var s Status
	var header []string
	for _, l := range lines {
		f := strings.Split(l, "\t")
		switch {
		case f[0] == "TIME" && len(f) >= 3:
			s.At = parseUnixTime(f[2])
		case f[0] == "HEADER" && len(f) > 2 && f[1] == "CLIENT_LIST":
			header = f[2:]
		case f[0] == "CLIENT_LIST":
			c, err := parseStatusClient(header, f[1:])
			if err != nil {
				return Status{}, fmt.Errorf("status: %w", err)
			}
			s.Clients = append(s.Clients, c)
		}
	}
	if header == nil {
		return Status{}, fmt.Errorf("status: no list of clients in %d lines", len(lines))
	}
	return s, nil
}

func parseStatusClient(header, f []string) (StatusClient, error) {
	if len(f) != len(header) {
		return StatusClient{}, fmt.Errorf("%d columns under a header of %d", len(f), len(header))
	}
	column := func(name string) string {
		if i := slices.Index(header, name); i >= 0 {
			return f[i]
		}
		return ""
	}
	cid, err := strconv.ParseUint(column("Client ID"), 10, 64)
	if err != nil {
		return StatusClient{}, fmt.Errorf("client ID: %w", err)
	}
	c := StatusClient{
		CID:        CID(cid),
		CommonName: column("Common Name"),
		Username:   column("Username"),
		Since:      parseUnixTime(column("Connected Since (time_t)")),
	}
	c.Peer, _ = netip.ParseAddrPort(column("Real Address"))
	c.Addr, _ = netip.ParseAddr(column("Virtual Address"))
	c.In, _ = strconv.ParseUint(column("Bytes Received"), 10, 64)
	c.Out, _ = strconv.ParseUint(column("Bytes Sent"), 10, 64)
	return c, nil
}
