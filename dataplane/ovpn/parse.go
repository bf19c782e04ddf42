package ovpn

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxEnv bounds what one block may hold. A real one has about fifty values; OpenVPN takes no
// more than 2 KB from a client.
const maxEnv = 1024

// Parser turns the lines of a management socket into events. It does no I/O. The zero value is
// ready.
type Parser struct {
	open Event // the >CLIENT block whose values are being read
	env  map[string]string
}

// Line reads one line without its end. Where the line is not a notification (an answer to a
// command) it reports notification = false. An Event is complete; nil means that more lines
// make it up, or that the line was damaged.
func (p *Parser) Line(s string) (e Event, notification bool) {
	if !strings.HasPrefix(s, ">") {
		return nil, false
	}
	kind, rest, _ := strings.Cut(s[1:], ":")
	switch kind {
	case "CLIENT":
		return p.client(rest), true
	case "BYTECOUNT_CLI":
		return byteCount(rest), true
	case "LOG":
		return logLine(rest), true
	case "STATE":
		return state(rest), true
	case "NOTIFY":
		f := strings.SplitN(rest, ",", 3)
		f = append(f, "", "")
		return Notify{Severity: f[0], Kind: f[1], Text: f[2]}, true
	case "HOLD":
		return Hold{Text: rest}, true
	case "FATAL":
		return Fatal{Text: rest}, true
	}
	return Other{Kind: kind}, true
}

func (p *Parser) client(rest string) Event {
	word, rest, _ := strings.Cut(rest, ",")
	switch word {
	case "ENV":
		return p.value(rest)
	case "ADDRESS":
		return address(rest)
	}
	// A block that another one interrupts was damaged; half of it is worth nothing.
	p.open, p.env = nil, nil
	f := strings.SplitN(rest, ",", 3)
	cid, err := strconv.ParseUint(f[0], 10, 64)
	if err != nil {
		return nil
	}
	var kid uint64
	if word == "CONNECT" || word == "REAUTH" || word == "CR_RESPONSE" {
		if len(f) < 2 {
			return nil
		}
		if kid, err = strconv.ParseUint(f[1], 10, 64); err != nil {
			return nil
		}
	}
	switch word {
	case "CONNECT":
		p.open = Connect{CID: CID(cid), KID: KID(kid)}
	case "REAUTH":
		p.open = Reauth{CID: CID(cid), KID: KID(kid)}
	case "ESTABLISHED":
		p.open = Established{CID: CID(cid)}
	case "DISCONNECT":
		p.open = Disconnect{CID: CID(cid)}
	case "CR_RESPONSE":
		if len(f) < 3 {
			return nil
		}
		p.open = CRResponse{CID: CID(cid), KID: KID(kid), Response: f[2]}
	default:
		return Other{Kind: "CLIENT:" + word}
	}
	p.env = map[string]string{}
	return nil
}

// value reads one line of a block, or its end. OpenVPN escapes nothing: the value is whatever
// follows the first equals sign.
func (p *Parser) value(s string) Event {
	if p.open == nil {
		return nil
	}
	if s != "END" {
		name, value, _ := strings.Cut(s, "=")
		if _, again := p.env[name]; !again && len(p.env) < maxEnv {
			p.env[name] = value
		}
		return nil
	}
	env := Env{p.env}
	e := p.open
	p.open, p.env = nil, nil
	switch e := e.(type) {
	case Connect:
		e.Env = env
		return e
	case Reauth:
		e.Env = env
		return e
	case Established:
		e.Env = env
		return e
	case Disconnect:
		e.Env = env
		return e
	case CRResponse:
		e.Env = env
		return e
	}
	return nil
}

func address(rest string) Event {
	f := strings.Split(rest, ",")
	if len(f) != 3 {
		return nil
	}
	cid, err := strconv.ParseUint(f[0], 10, 64)
	if err != nil {
		return nil
	}
	addr, err := netip.ParseAddr(f[1])
	if err != nil {
		return nil // an iroute's subnet, which we never give
	}
	return Address{CID: CID(cid), Addr: addr, Primary: f[2] == "1"}
}

func byteCount(rest string) Event {
	f := strings.Split(rest, ",")
	if len(f) != 3 {
		return nil
	}
	var n [3]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(f[i], 10, 64); err != nil {
			return nil
		}
	}
	return ByteCount{CID: CID(n[0]), In: n[1], Out: n[2]}
}

func logLine(rest string) Event {
	f := strings.SplitN(rest, ",", 3)
	if len(f) != 3 {
		return nil
	}
	return Log{At: unixTime(f[0]), Flags: f[1], Text: f[2]}
}

func state(rest string) Event {
	f := strings.SplitN(rest, ",", 4)
	if len(f) < 2 {
		return nil
	}
	f = append(f, "")
	return State{At: unixTime(f[0]), Name: f[1], Detail: f[2]}
}

func unixTime(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
