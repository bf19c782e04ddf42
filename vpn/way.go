package vpn

import (
	"fmt"
	"net/netip"
	"time"
)

// Way is how a host's routes lead to a subnet, as its dataplane found it.
type Way struct {
	Association AssociationID `json:"association,omitempty"` // empty: the subnet was asked about by itself
	Subnet      netip.Prefix  `json:"subnet"`
	Interface   string        `json:"interface,omitempty"` // empty: no way leads there, and Problem says why
	Gateway     netip.Addr    `json:"gateway,omitzero"`    // invalid: the subnet is on the interface itself
	Default     bool          `json:"default,omitempty"`   // only the default route leads there
	Partly      bool          `json:"partly,omitempty"`    // only the default route leads to a part of it
	Problem     string        `json:"problem,omitempty"`   // why no way leads there, as a sentence
	Since       time.Time     `json:"since"`               // when it became so, as far as the dataplane knows
}

// MaxAskedWays bounds how many subnets one question for ways names.
const MaxAskedWays = 500

// Same tells whether two ways differ in nothing but since when they are known.
func (w Way) Same(o Way) bool {
	w.Since, o.Since = time.Time{}, time.Time{}
	return w == o
}

// Known tells whether a way was reported.
func (w Way) Known() bool { return w.Interface != "" || w.Problem != "" }

// Doubtful tells whether the host sends packets by its default route because it knows no other: that may be intended, and it
// is what a mistyped CIDR looks like.
func (w Way) Doubtful() bool { return w.Default || w.Partly }

// Hop is the next hop: "eth1, directly" or "10.0.0.254 on eth1"; "" where there is none.
func (w Way) Hop() string { return hop(w.Interface, w.Gateway) }

func hop(device string, gateway netip.Addr) string {
	switch {
	case device == "":
		return ""
	case gateway.IsValid():
		return fmt.Sprintf("%s on %s", gateway, device)
	}
	return device + ", directly"
}

// Label is what lists and messages call the way.
func (w Way) Label() string {
	switch {
	case !w.Known():
		return "not reported yet"
	case w.Problem != "":
		return "not reached"
	case w.Default:
		return "only by the default route: " + w.Hop()
	case w.Partly:
		return w.Hop() + "; a part of it only by the default route"
	}
	return w.Hop()
}

// Doubt says what is doubtful about the way; "" where nothing is.
func (w Way) Doubt() string {
	switch {
	case w.Default:
		return fmt.Sprintf("Only the default route of this host leads to %s (%s). That is also how a mistyped CIDR looks.", w.Subnet, w.Hop())
	case w.Partly:
		return fmt.Sprintf("Only the default route of this host leads to a part of %s. That is also how a CIDR looks that is too wide.", w.Subnet)
	}
	return ""
}

// WayTo is the way to the target network of an association, as it was last reported; not Known where none was.
func (o Observation) WayTo(a AssociationID) Way {
	for _, w := range o.Ways {
		if w.Association == a {
			return w
		}
	}
	return Way{}
}

// Doubts are warnings about the ways that are doubtful and that the last test of the subnet does not prove. They are no part
// of what the dataplane reports: what is proved is known to web alone.
func (o Observation) Doubts(tests map[AssociationID]Probe) (out []Fault) {
	for _, w := range o.Ways {
		if w.Association == "" || !w.Doubtful() {
			continue
		}
		last := tests[w.Association]
		if last.Proves(w) {
			continue
		}
		message := w.Doubt() + " Test it: an answer of a host in it proves that it is reached."
		if !last.At.IsZero() {
			message = w.Doubt() + " The last test does not prove it: " + last.Sentence()
		}
		out = append(out, Fault{Subject: string(w.Association), Message: message, Since: w.Since, Warning: true})
	}
	return out
}
