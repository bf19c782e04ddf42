package vpn

import (
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Renewable tells why a certificate cannot be renewed here, as an error of kind Conflict; nil where it can. signer is
// the authority that issued it, where that is kept; an authority signs its own.
func (c Certificate) Renewable(signer Certificate, now time.Time) error {
	refuse := func(sentence string) error { return Refuse(Conflict, CodeIncorrectState, sentence) }
	switch {
	case c.Use == UseAuthority && !c.HasKey:
		return refuse("The private key of " + c.Label() + " is not stored here, so it cannot be renewed here. Renew it where its key is, then import it.")
	case c.Use == UseAuthority:
		return nil
	case signer.ID == "":
		return refuse("The authority that issued " + c.Label() + " is not stored here with its key. Have it renewed there, then import it.")
	case !signer.HasKey:
		return refuse("The private key of the authority " + signer.Label() + " is not stored here. Have the certificate renewed where it is, then import it.")
	case signer.Expired(now):
		return refuse("The authority " + signer.Label() + " has expired. Renew it first.")
	case c.Use == UseServer && !c.HasKey:
		return refuse("The private key of " + c.Label() + " is not stored here, so no endpoint can use it.")
	}
	return nil
}

// RenewalDays is the proposed validity of a renewed certificate: what the use has by default, and not beyond the end of
// its authority.
func (c Certificate) RenewalDays(signer Certificate, now time.Time) int {
	days := DefaultValidDays[c.Use]
	if c.Use != UseAuthority {
		days = min(days, int(signer.NotAfter.Sub(now)/day))
	}
	return max(days, 1)
}

// CheckRenewal judges the validity of a renewed certificate as typed. Field: valid_days.
func (c Certificate) CheckRenewal(signer Certificate, validDays string, now time.Time) (time.Duration, error) {
	var check Check
	if strings.TrimSpace(validDays) == "" {
		validDays = fmt.Sprint(c.RenewalDays(signer, now))
	}
	valid := checkValidDays(&check, c.Use, validDays)
	if c.Use != UseAuthority && valid > 0 && now.Add(valid).After(signer.NotAfter) {
		check.Bad("valid_days", fmt.Sprintf("The authority itself ends in %d days; a certificate cannot outlive it. Renew the authority first.", int(signer.NotAfter.Sub(now)/day)))
	}
	return valid, check.Err()
}

// RenewalLead is how long before its end a server certificate renews itself; one with a short validity renews itself
// when a third of that is left.
const RenewalLead = 30 * day

// RenewsFrom is when the certificate of a server renews itself.
func (c Certificate) RenewsFrom() time.Time {
	return c.NotAfter.Add(-min(RenewalLead, c.NotAfter.Sub(c.NotBefore)/3))
}

// RenewsItself tells whether the program renews the certificate at now, and for how long: a server's, that an authority
// with its key here can issue anew for a time that is worth it.
func (c Certificate) RenewsItself(signer Certificate, now time.Time) (time.Duration, bool) {
	if c.Use != UseServer || !c.HasKey || !signer.CanIssue(now) || now.Before(c.RenewsFrom()) {
		return 0, false
	}
	valid := min(c.NotAfter.Sub(c.NotBefore), signer.NotAfter.Sub(now)).Truncate(time.Second)
	return valid, now.Add(valid).Sub(c.NotAfter) > day
}

// Renewed is the certificate as it is after its renewal: the same one, with the contents of another.
func (c Certificate) Renewed(pair KeyPair, f CertificateFacts) Certificate {
	c.Issuer, c.Serial, c.Fingerprint, c.KeyType = f.Issuer, f.Serial, f.Fingerprint, f.KeyType
	c.NotBefore, c.NotAfter = f.NotBefore, f.NotAfter
	c.PEM, c.Chain = pair.Certificate, pair.Chain
	return c
}

// KeyDigest is the KeyDigest of the certificate's own key.
func (c Certificate) KeyDigest() string {
	block, _ := pem.Decode([]byte(c.PEM))
	if block == nil {
		return ""
	}
	return KeyDigest(block.Bytes)
}

// IssuerKey is the KeyDigest of the authority that issued the certificate, which stands first in the chain that it is kept
// with; "" where it is kept without.
func (c Certificate) IssuerKey() string {
	if c.Use == UseAuthority {
		return ""
	}
	return c.ownIssuer().Key
}

// Renew is the side of an endpoint after a certificate was renewed.
func (s Side) Renew(old, renewed Certificate) Side {
	for _, c := range []*Certificate{&s.Server, &s.ClientCA, &s.SecondCA} {
		switch {
		case c.ID == old.ID:
			*c = renewed
		case old.Use == UseAuthority:
			c.Chain = strings.ReplaceAll(c.Chain, old.PEM, renewed.PEM)
		}
	}
	return s
}

// Union is an effect that has what either of two has.
func (e Effect) Union(o Effect) Effect {
	add := func(to *[]Aspect, from []Aspect) {
		for _, a := range from {
			if !slices.Contains(*to, a) {
				*to = append(*to, a)
			}
		}
	}
	add(&e.AtOnce, o.AtOnce)
	add(&e.Cut, o.Cut)
	add(&e.Next, o.Next)
	add(&e.Restart, o.Restart)
	add(&e.Files, o.Files)
	if e.EndsOlder == 0 || o.EndsOlder > 0 && o.EndsOlder < e.EndsOlder {
		e.EndsOlder = o.EndsOlder
	}
	return e
}

// None tells whether nothing changes for endpoints.
func (e Effect) None() bool {
	return len(e.AtOnce)+len(e.Cut)+len(e.Next)+len(e.Restart)+len(e.Files) == 0 && e.EndsOlder == 0
}
