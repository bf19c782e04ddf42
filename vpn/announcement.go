package vpn

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reach is whom and what an effect concerns at a moment. People are distinct users.
type Reach struct {
	People, Connections int // connected now
	Older               int // people with a session that ends because it is older than Effect.EndsOlder
	Stop                int // handed-out files that work before the change and not after it
	Again               int // handed-out files that do not work before the change and do after it
	Recorded            int // handed-out files, those that work and those that do not
}

// Announcement is what an administrator is told before a change is saved.
type Announcement struct {
	Effect
	Reach
	Notes []Sentence // what the change leaves undone, or does beside what it is made for
}

// ConsentWord is what the administrator types to change what makes handed-out files useless.
const ConsentWord = "replace"

// ReconnectPace is how many clients of an endpoint are reconnected in a second, at most.
const ReconnectPace = 20

// Consent is the administrator's answer to an announcement.
type Consent struct {
	Announced string // Announcement.Kind of what was shown; empty: nothing was
	Word      string // as typed
	Reconnect bool   // now; otherwise clients learn of the change with their next connection
}

// ErrUnannounced says that a change would do something of another kind than the administrator was told.
var ErrUnannounced = Refuse(Conflict, CodeIncorrectState, "What this change does is different now from what was announced. Read it again, then confirm.")

// Kind names what kinds of things the change does; "" where there is nothing to announce. It does not depend on how
// many people are concerned: a save is right as long as its kind is what was announced.
func (a Announcement) Kind() string {
	var kinds []string
	for _, k := range []struct {
		name   string
		within bool
	}{
		{"files", len(a.Files) > 0},
		{"restart", len(a.Restart) > 0 && a.Connections > 0},
		{"next", a.Choice() && a.Connections > 0},
		{"end", a.Older > 0},
		{"cut", len(a.Cut) > 0},
		{"now", len(a.AtOnce) > 0 && a.Connections > 0},
		{"note", len(a.Notes) > 0},
	} {
		if k.within {
			kinds = append(kinds, k.name)
		}
	}
	return strings.Join(kinds, " ")
}

// Word is what the administrator must type; "": nothing.
func (a Announcement) Word() string {
	if len(a.Files) > 0 {
		return ConsentWord
	}
	return ""
}

// Check tells whether the administrator has agreed to what the change does now; that it does less than was announced,
// because people have left, is no reason to ask again. Field: confirm.
func (a Announcement) Check(c Consent) error {
	told := strings.Fields(c.Announced)
	for _, kind := range strings.Fields(a.Kind()) {
		if !slices.Contains(told, kind) {
			return ErrUnannounced
		}
	}
	if word := a.Word(); strings.TrimSpace(c.Word) != word && word != "" {
		var check Check
		check.Bad("confirm", "Type the word "+word+" to confirm.")
		return check.Err()
	}
	return nil
}

// Sentence is one thing that a change does.
type Sentence struct {
	About string // the settings it comes from
	Text  string
}

// Sentences tell the administrator what the change does, the worst first.
func (a Announcement) Sentences() []Sentence {
	var out []Sentence
	add := func(text string, about ...[]Aspect) {
		var labels []string
		for _, aspect := range slices.Concat(about...) {
			if label := aspect.Label(); !slices.Contains(labels, label) {
				labels = append(labels, label)
			}
		}
		out = append(out, Sentence{strings.Join(labels, ", "), text})
	}
	reset := ""
	if len(a.Restart) > 0 && a.Connections > 0 {
		reset = "The OpenVPN workers restart, one after the other: " + counted(a.Connections, "connection", "connections") + " of " +
			counted(a.People, "user", "users") + map[bool]string{true: " is reset.", false: " are reset."}[a.Connections == 1]
	}
	switch {
	case len(a.Files) > 0:
		add(strings.TrimSpace(a.filesText()+" "+reset), a.Files, a.Restart, a.Next)
	case reset != "":
		add(reset+" The clients return by themselves, usually within some seconds.", a.Restart, a.Next)
	}
	if a.Older > 0 {
		add(fmt.Sprintf("Sessions older than %s end at once: %s disconnected.", hours(a.EndsOlder), counted(a.Older, "user is", "users are")), []Aspect{"session_timeout"})
	}
	if len(a.Cut) > 0 {
		add("Clients can no longer reach what the removed routes lead to; running transfers to it stop at once, and no session ends. "+counted(a.People, "user is", "users are")+" connected now.", a.Cut)
	}
	if a.Choice() && a.Connections > 0 {
		add("Clients learn this when they connect. "+counted(a.People, "user is", "users are")+" connected now, with what was set before.", a.Next)
	}
	if len(a.AtOnce) > 0 && a.Connections > 0 {
		add("This acts on running sessions at once and interrupts none. "+counted(a.People, "user is", "users are")+" connected now.", a.AtOnce)
	}
	return append(out, a.Notes...)
}

func (a Announcement) filesText() string {
	if slices.Contains(a.Files, AspectRemote) {
		return a.remoteText()
	}
	text := a.stopText()
	switch {
	case slices.Contains(a.Files, AspectMFA) && a.People > 0: // no session ends by it
		text += " " + counted(a.People, "user is", "users are") + " connected now: their sessions go on, and at the next sign-in they need a new file."
	case a.People > 0:
		text += " " + counted(a.People, "user is", "users are") + " cut off until they have a new file."
	default:
		text += " Users cannot connect until they have a new file."
	}
	return text + a.againText()
}

func (a Announcement) stopText() string {
	if a.Stop == 0 {
		return "Configuration files that were handed out stop working; " + a.recordedText()
	}
	return counted(a.Stop, "configuration file that was downloaded stops", "configuration files that were downloaded stop") + " working."
}

// remoteText tells what another remote name does: nothing at once, and it depends on where the old one leads.
func (a Announcement) remoteText() string {
	text := "Configuration files that were handed out have the old name; " + a.recordedText()
	if a.Stop > 0 {
		text = counted(a.Stop, "configuration file that was downloaded has", "configuration files that were downloaded have") + " the old name."
	}
	text += " Clients get in with it only as long as the old name leads to this host."
	if a.People > 0 {
		text += " " + counted(a.People, "user is", "users are") + " connected now: without the old name they are cut off from their next connection on until they have a new file."
	}
	return text + a.againText()
}

// recordedText says why no download is counted among the files that a change makes useless.
func (a Announcement) recordedText() string {
	switch a.Recorded {
	case 0:
		return "no download of one is recorded."
	case 1:
		return "the 1 recorded download no longer works."
	default:
		return fmt.Sprintf("none of the %d recorded downloads still works.", a.Recorded)
	}
}

func (a Announcement) againText() string {
	if a.Again == 0 {
		return ""
	}
	return " " + counted(a.Again, "file of earlier settings works", "files of earlier settings work") + " again."
}

// counted is a number with what it counts.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func hours(d time.Duration) string { return counted(int(d/time.Hour), "hour", "hours") }
