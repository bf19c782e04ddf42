package ovpn

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sallyport/vpn"
)

// maxEnv is the number of values that are read of one block. A real block has about fifty; OpenVPN
// accepts at most 2 KB from a client.
const maxEnv = 1024

// Parser parses the lines of a management socket into events. It does no I/O. The zero value is ready
// for use.
type Parser struct {
	open Event // the >CLIENT block whose values are being read
	env  map[string]string
}

// Line parses one line without its line end. notification is false for the reply to a command. The
// event is nil while more lines of it must follow, and for a malformed line.
func (p *Parser) Line(s string) (e Event, notification bool) {
	if !strings.HasPrefix(s, ">") {
		return nil, false
	}
	kind, rest, _ := strings.Cut(s[1:], ":")
	switch kind {
	case "CLIENT":
		return p.clientLine(rest), true
	case "BYTECOUNT_CLI":
		return parseByteCount(rest), true
	case "LOG":
		return parseLog(rest), true
	case "STATE":
		return parseState(rest), true
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

func (p *Parser) clientLine(rest string) Event {
	word, rest, _ := strings.Cut(rest, ",")
	switch word {
	case "ENV":
		return p.envLine(rest)
	case "ADDRESS":
		return parseAddress(rest)
	}
	// A block that is interrupted by another one is incomplete and is dropped.
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
		p.open = CRResponse{CID: CID(cid), KID: KID(kid), Response: vpn.Secret(f[2])}
	default:
		return Other{Kind: "CLIENT:" + word}
	}
	p.env = map[string]string{}
	return nil
}

// envLine parses one line of a block, or its end. OpenVPN escapes nothing: the value is everything after
// the first equals sign.
func (p *Parser) envLine(s string) Event {
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

func parseAddress(rest string) Event {
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
		return nil // the subnet of an iroute, which this program never sets
	}
	return Address{CID: CID(cid), Addr: addr, Primary: f[2] == "1"}
}

func parseByteCount(rest string) Event {
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

func parseLog(rest string) Event {
	f := strings.SplitN(rest, ",", 3)
	if len(f) != 3 {
		return nil
	}
	return Log{At: parseUnixTime(f[0]), Flags: f[1], Text: f[2]}
}

func parseState(rest string) Event {
	f := strings.SplitN(rest, ",", 4)
	if len(f) < 2 {
		return nil
	}
	f = append(f, "")
	return State{At: parseUnixTime(f[0]), Name: f[1], Detail: f[2]}
}

func parseUnixTime(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
