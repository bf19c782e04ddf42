package parts

import "strings"

// toneOf gives the colour and mark of each state word. A word that is not in it is drawn grey: a chip
// must not look good or bad without a decision here.
var toneOf = map[string]string{
	"available": "good", "associated": "good", "active": "good", "ok": "good", "valid": "good", "enabled": "good", "reachable": "good", "done": "good", "allowed": "good",
	"pending-associate": "wait", "associating": "wait", "authorizing": "wait", "creating": "wait", "connecting": "wait", "next": "wait", "needed": "wait", "expires soon": "wait",
	"disassociating": "wait", "warning": "wait", "revoking": "wait", "deleting": "wait", "terminating": "wait", "away": "wait", "values changed": "wait",
	"association-failed": "bad", "failed": "bad", "failed-to-terminate": "bad", "expired": "bad", "blocked": "bad", "unreachable": "bad", "trouble": "bad", "denied": "bad", "no route": "bad", "no way": "bad",
}

var chipClass = map[string]string{"good": "bg-green-lt", "wait": "bg-yellow-lt", "bad": "bg-red-lt", "": "bg-secondary-lt"}

var chipMark = map[string]string{"good": "●", "wait": "◐", "bad": "▲", "": "○"}

func tone(state string) string { return toneOf[strings.ToLower(state)] }

// SentenceCase writes a state with a capital, as the guide's console does: "Pending-associate".
func SentenceCase(state string) string {
	if state == "" {
		return "Unknown"
	}
	return strings.ToUpper(state[:1]) + state[1:]
}

func alertRole(tone string) string {
	if tone == "danger" {
		return "alert"
	}
	return "status"
}
