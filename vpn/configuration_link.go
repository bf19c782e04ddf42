package vpn

import (
	"slices"
	"strconv"
	"time"
)

// ConfigurationLinkID names a one-time link for administrators. It opens nothing.
type ConfigurationLinkID string

// ConfigurationLink is a one-time link: an address of the public pages at which a client configuration file is downloaded once, by
// who has the address. The secret in the address is kept nowhere, Digest is what is left of it.
type ConfigurationLink struct {
	ID          ConfigurationLinkID
	Digest      string `json:"-"`
	Endpoint    EndpointID
	Certificate CertificateID // that the file has with its key; empty: none
	Client      string        // common name of it
	Maker       AdministratorID
	MadeBy      string // name of the maker then
	MadeAt      time.Time
	EndsAt      time.Time
	UsedAt      time.Time // zero: the file was not downloaded
	UsedFrom    string    // address of the client that downloaded it
	WithdrawnAt time.Time // zero: it was not withdrawn
}

// LinkState is what became of a one-time link.
type LinkState string

// The states. LinkOpen alone opens a file.
const (
	LinkOpen      LinkState = "open"
	LinkUsed      LinkState = "used"
	LinkWithdrawn LinkState = "withdrawn"
	LinkExpired   LinkState = "expired"
)

// State is the state at a moment.
func (l ConfigurationLink) State(now time.Time) LinkState {
	switch {
	case !l.UsedAt.IsZero():
		return LinkUsed
	case !l.WithdrawnAt.IsZero():
		return LinkWithdrawn
	case !now.Before(l.EndsAt):
		return LinkExpired
	}
	return LinkOpen
}

// Explains tells whether the page of the link says how to connect: while the link is open, and until its end where the file was downloaded.
func (l ConfigurationLink) Explains(now time.Time) bool {
	state := l.State(now)
	return state == LinkOpen || state == LinkUsed && now.Before(l.EndsAt)
}

// LinkHours are how long a one-time link may work, in hours; the first one is proposed.
func LinkHours() []int { return []int{24, 1, 7 * 24} }

// MaxOpenLinks bounds the open one-time links of an endpoint.
const MaxOpenLinks = 100

// NewConfigurationLink makes a one-time link to the file of an endpoint, with the secret of its address. open counts those of the endpoint
// that are open. Field: hours.
func NewConfigurationLink(e EndpointID, client Certificate, hours string, open int, now time.Time) (ConfigurationLink, Secret, error) {
	var c Check
	n, err := strconv.Atoi(hours)
	if err != nil || !slices.Contains(LinkHours(), n) {
		c.Bad("hours", "Choose how long the link works.")
	}
	if err := c.Err(); err != nil {
		return ConfigurationLink{}, "", err
	}
	if open >= MaxOpenLinks {
		return ConfigurationLink{}, "", Refuse(Conflict, CodeLimitExceeded, "The endpoint has "+strconv.Itoa(MaxOpenLinks)+" one-time links that were not used. Withdraw some, or wait until they expire.")
	}
	token := NewToken()
	return ConfigurationLink{
		ID: ConfigurationLinkID(newID(prefixConfigurationLink)), Digest: TokenDigest(token), Endpoint: e, Certificate: client.ID, Client: client.CommonName,
		MadeAt: now, EndsAt: now.Add(time.Duration(n) * time.Hour),
	}, token, nil
}

// ErrConfigurationLink is the one answer for a one-time link that gives no file, whatever the reason.
var ErrConfigurationLink = Refuse(NotFound, CodeConfigurationLinkNotFound,
	"This link was used before, has expired or was withdrawn. Ask the person who sent it to you for another one.")
