package firewall

import (
	"strings"
)

// parseSave reads what iptables-save writes: chains with policies (":FORWARD DROP [0:0]") and
// rules ("-A FORWARD -i eth0 -j ACCEPT").
func parseSave(text string) (chains, map[string]string) {
	out, policies := chains{}, map[string]string{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
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

func parseArguments(args []string) rule {
	var r rule
	negate := false
	for i := 0; i < len(args); i++ {
		value := ""
		if i+1 < len(args) {
			value = args[i+1]
		}
		known := func(key, value string) {
			r.conditions = append(r.conditions, condition{key: key, values: strings.Split(value, ","), negate: negate})
			negate = false
			i++
		}
		switch args[i] {
		case "!":
			negate = true
		case "-i":
			known(keyIn, nftWildcard(value))
		case "-o":
			known(keyOut, nftWildcard(value))
		case "-p":
			known(keyProtocol, value)
		case "--dport":
			known(keyPort, value)
		case "--sport":
			known(keyFrom, value)
		case "--ctstate", "--state":
			known(keyState, strings.ToLower(value))
		case "-j", "-g":
			i++
			switch value {
			case "ACCEPT", "DROP", "RETURN":
				r.action = strings.ToLower(value)
			case "REJECT":
				r.action = "drop"
				return r // the rest of the line says how to reject
			case "LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS":
				return r
			default:
				r.action, r.target = "jump", value
				if args[i-1] == "-g" {
					r.action = "goto"
				}
			}
		case "-m", "--comment":
			i++
			if value != "conntrack" && value != "state" && value != "tcp" && value != "udp" && value != "comment" && args[i-1] == "-m" {
				r.conditions = append(r.conditions, condition{})
			}
		default:
			r.conditions = append(r.conditions, condition{})
		}
	}
	return r
}

// nftWildcard writes iptables' "sp+" as nft does: "sp*".
func nftWildcard(name string) string {
	if stem, ok := strings.CutSuffix(name, "+"); ok {
		return stem + "*"
	}
	return name
}
