package vpn

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Share bounds the connections that one user of a directory, or one certificate, has to one endpoint at a time,
// active or away. It travels with the decision on a login. The zero value is no bound.
type Share struct {
	Limit int `json:"limit,omitempty"` // 0: no limit
	// EndOldest ends the oldest connection for a new login at the limit; otherwise the new login is refused.
	EndOldest bool `json:"end_oldest,omitempty"`
}

// Sharer is what the connections of a login count for: its user, where a directory proved one, because many users may have
// copies of one certificate; otherwise the certificate.
type Sharer struct {
	Provider ProviderID
	UserKey  string
	// Certificate is LoginRequest.CertificateKey; empty where a directory proved the user.
	Certificate string
}

// SharerOf is the sharer of a login of user with a certificate.
func SharerOf(user Identity, certificate string) Sharer {
	if user.Provider != "" {
		return Sharer{Provider: user.Provider, UserKey: user.Key}
	}
	return Sharer{Certificate: certificate}
}

// Held is a connection that a sharer has.
type Held struct {
	Connection ConnectionID
	Began      time.Duration // since the host started
	Away       time.Duration // likewise, since when its client is out of reach; 0: it is there
}

// Admit decides on one more connection of a sharer that has others: which of those end for it. At the
// limit those whose clients are away end first, the longest away before the others. Where that is not
// enough, either the oldest end as well, or the error refuses the new one and none ends.
func (s Share) Admit(of Sharer, held []Held) (end []ConnectionID, refused error) {
	excess := len(held) + 1 - s.Limit
	if s.Limit <= 0 || excess <= 0 {
		return nil, nil
	}
	order := slices.Clone(held)
	slices.SortFunc(order, func(a, b Held) int {
		switch {
		case (a.Away == 0) != (b.Away == 0):
			if a.Away == 0 {
				return 1
			}
			return -1
		case a.Away != 0:
			return cmp.Or(cmp.Compare(a.Away, b.Away), cmp.Compare(a.Connection, b.Connection))
		default:
			return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.Connection, b.Connection))
		}
	})
	order = order[:min(excess, len(order))]
	if !s.EndOldest && slices.ContainsFunc(order, func(h Held) bool { return h.Away == 0 }) {
		return nil, s.refuse(of)
	}
	return IDsOf(order, func(h Held) ConnectionID { return h.Connection }), nil
}

func (s Share) refuse(of Sharer) *Error {
	if of.Provider != "" {
		return Refuse(Conflict, CodeUserConnectionLimitExceeded, fmt.Sprintf(
			"You have as many connections as are allowed (%d). End one of them, or ask your administrator.", s.Limit))
	}
	return Refuse(Conflict, CodeCertificateConnectionLimitExceeded, fmt.Sprintf(
		"Your certificate has as many connections as are allowed (%d). End one of them, or ask your administrator.", s.Limit))
}

// CertificateKey names the certificate of a login among those of its endpoint, by what its holder cannot
// change: see CertificateBlock. The login is one of Authorities.Verify.
func (r LoginRequest) CertificateKey() string {
	switch {
	case r.Serial == "":
		return BareFingerprint(r.Fingerprint)
	case r.Issuer == "" || namesCertificate(r.Serial):
		return r.Serial + " " + r.CommonName
	default:
		return BareFingerprint(r.Issuer) + " " + r.Serial
	}
}
