package firewall

import (
	"slices"
	"strings"
)

// harmlessTargets are targets of iptables after which the next rule is evaluated.
var harmlessTargets = []string{
	"LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "CLASSIFY", "DSCP", "TOS", "TTL", "HL", "CT", "NOTRACK", "SET", "AUDIT",
	"CHECKSUM", "TCPOPTSTRIP", "TRACE", "CONNSECMARK", "SECMARK", "TEE", "RATEEST", "IDLETIMER", "LED", "ULOG",
}

// parseSave reads what iptables-save writes: chains with policies (":FORWARD DROP [0:0]") and
// rules ("-A FORWARD -i eth0 -j ACCEPT").
func parseSave(text string) (chains, map[string]string) {
	out, policies := chains{}, map[string]string{}
	for line := range strings.Lines(text) {
		f := words(line)
		switch {
		case len(f) >= 2 && strings.HasPrefix(f[0], ":"):
			name := f[0][1:]
			out[name] = append(out[name], []rule{}...)
			policies[name] = strings.ToLower(f[1])
		case len(f) >= 2 && f[0] == "-A":
			out[f[1]] = append(out[f[1]], parseArguments(f[2:]))
		}
	}
	return out, policies
}

// words cuts a line of iptables-save into its arguments, some of which are in double quotes.
func words(line string) []string {
	var out []string
	var word strings.Builder
	quoted, escaped, open := false, false, false
	for _, c := range strings.TrimSpace(line) {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted, open = !quoted, true
		case !quoted && (c == ' ' || c == '\t'):
			if open {
				out = append(out, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(c)
			open = true
		}
	}
	if open {
		out = append(out, word.String())
	}
	return out
}

// matchOption is an option of iptables that this package can judge: its key, and how its value is
// written.
type matchOption struct {
	key   string
	parse func(string) []string
}

var matchOptions = map[string]matchOption{
	"-i":            {keyIn, wildcard},
	"-o":            {keyOut, wildcard},
	"-p":            {keyProtocol, protocol},
	"-s":            {keySource, list},
	"-d":            {keyDestination, list},
	"--src-range":   {keySource, list},
	"--dst-range":   {keyDestination, list},
	"--dport":       {keyPort, ports},
	"--dports":      {keyPort, ports},
	"--sport":       {keyFrom, ports},
	"--sports":      {keyFrom, ports},
	"--ctstate":     {keyState, list},
	"--state":       {keyState, list},
	"--ctstatus":    {keyStatus, list},
	"--ctdir":       {keyDirection, list},
	"--dst-type":    {keyType, list},
	"--src-type":    {keySourceType, list},
	"--pkt-type":    {keyPacketType, list},
	"--icmp-type":   {keyPart, list},
	"--length":      {keyPart, list},
	"--dscp":        {keyPart, list},
	"--dscp-class":  {keyPart, list},
	"--tos":         {keyPart, list},
	"--ttl-eq":      {keyPart, list},
	"--ttl-lt":      {keyPart, list},
	"--ttl-gt":      {keyPart, list},
	"--tcp-option":  {keyPart, list},
	"--mac-source":  {keyPart, list},
	"--mss":         {keyPart, list},
	"--chunk-types": {keyPart, list},
}

// plainModules are modules of iptables all of whose options are judged one by one.
var plainModules = []string{
	"conntrack", "state", "tcp", "udp", "comment", "multiport", "addrtype", "pkttype", "iprange", "icmp", "length", "dscp", "tos",
	"ttl", "mac", "tcpmss", "sctp",
}

func parseArguments(args []string) rule {
	var r rule
	negate := false
	for i := 0; i < len(args); i++ {
		value := ""
		if i+1 < len(args) {
			value = args[i+1]
		}
		if option, ok := matchOptions[args[i]]; ok {
			c := condition{key: option.key, values: option.parse(value), negate: negate}
			if c.key == keySource || c.key == keyDestination {
				if c.in, ok = parsePrefixes(c.values); !ok {
					c = condition{}
				}
			}
			if c.key != keyProtocol || len(c.values) > 0 { // not "-p all"
				r.conditions = append(r.conditions, c)
			}
			negate = false
			i++
			continue
		}
		switch args[i] {
		case "!":
			negate = true
			continue
		case "-j", "-g":
			r.setTarget(args[i], value)
			return r // the rest of the line is about the target
		case "-m":
			i++
			if !slices.Contains(plainModules, value) {
				r.conditions = append(r.conditions, condition{})
			}
		case "--comment":
			i++
		case "-f":
			r.conditions = append(r.conditions, condition{key: keyFragment, values: []string{"true"}, negate: negate})
		case "--syn":
			r.conditions = append(r.conditions, condition{key: keyPart})
		case "--tcp-flags":
			i += 2
			r.conditions = append(r.conditions, condition{key: keyPart})
		default: // an option of a module that is not known, or its value
			r.conditions = append(r.conditions, condition{})
		}
		negate = false
	}
	return r
}

// setTarget sets what -j or -g names: a verdict, a target that continues, or a chain.
func (r *rule) setTarget(flag, name string) {
	switch {
	case name == "ACCEPT" || name == "DROP" || name == "RETURN":
		r.action = strings.ToLower(name)
	case name == "REJECT":
		r.action = "drop"
	case slices.Contains(harmlessTargets, name):
	case slices.Contains([]string{"NFQUEUE", "QUEUE", "SYNPROXY", "TPROXY", "DELUDE", "TARPIT", "CHAOS"}, name):
		r.action = actionOther
	case flag == "-g":
		r.action, r.target = "goto", name
	default:
		r.action, r.target = "jump", name
	}
}

func list(value string) []string { return strings.Split(strings.ToLower(value), ",") }

// wildcard writes iptables' "sp+" as nft does: "sp*".
func wildcard(name string) []string {
	if stem, ok := strings.CutSuffix(name, "+"); ok {
		return []string{stem + "*"}
	}
	return []string{name}
}

// ports writes iptables' "1:9" as a range "1-9".
func ports(value string) []string {
	out := strings.Split(value, ",")
	for i, p := range out {
		first, last, isRange := strings.Cut(p, ":")
		if isRange {
			if first == "" {
				first = "0"
			}
			if last == "" {
				last = "65535"
			}
			out[i] = first + "-" + last
		}
	}
	return out
}

// protocol names a protocol as nft does; iptables without /etc/protocols gives its number.
func protocol(value string) []string {
	switch value {
	case "all", "0":
		return nil
	case "1":
		return []string{"icmp"}
	case "6":
		return []string{"tcp"}
	case "17":
		return []string{"udp"}
	}
	return []string{value}
}
