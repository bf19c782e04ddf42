package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"sallyport/control/endpoint"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// Offer is the configuration file of an endpoint, as the portal offers it to a user.
type Offer struct {
	Endpoint vpn.Endpoint
	File     endpoint.Configuration
	Revision string
	Since    time.Time // when the portal first offered this revision
	Fetched  time.Time // when the user last fetched the file; zero: never
	Outdated bool      // what the user fetched then is of another revision
	Device   bool      // a file with a certificate is made for each device of the user in place of this one
	Broken   error     // why there is no file at present; nil: there is one
}

// Checksum is the SHA-256 of the file, in hex.
func (o Offer) Checksum() string {
	sum := sha256.Sum256([]byte(o.File.Text))
	return hex.EncodeToString(sum[:])
}

// Offers lists the endpoints with the self-service portal that accept the identity provider at which the user signed in, first those
// that take connections.
func (s *Service) Offers(ctx context.Context, u User) ([]Offer, error) {
	var out []Offer
	err := s.core.Read(ctx, u.Principal, vpn.OpenPortal, "", func(tx *store.Tx) error {
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		endpoints, err := tx.PortalEndpoints(ctx)
		if err != nil {
			return err
		}
		for _, e := range endpoints {
			if !u.Accepts(e) {
				continue
			}
			_, device, err := endpoint.DeviceAuthority(ctx, tx, e, s.core.Now())
			if err != nil {
				return err
			}
			out = append(out, Offer{Endpoint: e, Device: device && deployment.Devices > 0})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		o := &out[i]
		if o.File, o.Revision, err = s.Files.PlainFile(ctx, o.Endpoint.ID, false); err == nil {
			continue
		}
		if ctx.Err() != nil {
			return nil, err
		}
		o.Broken = err // of this one alone
		s.core.Log.WarnContext(ctx, "the self-service portal has no configuration file of an endpoint", "endpoint", o.Endpoint.ID, "err", err)
	}
	if err := s.addHistory(ctx, u, out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Offer) int { return laterIf(!a.Usable(), !b.Usable()) })
	return out, s.noteNew(ctx, out)
}

// Usable tells whether clients can connect with the file at present.
func (o Offer) Usable() bool { return o.Broken == nil && !o.File.Unusable }

// laterIf compares what comes later in a list where a condition holds.
func laterIf(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// addHistory adds since when files are offered, and what the user has fetched.
func (s *Service) addHistory(ctx context.Context, u User, offers []Offer) error {
	return s.core.Read(ctx, u.Principal, vpn.OpenPortal, "", func(tx *store.Tx) error {
		fetched, err := tx.LastProfileDownloads(ctx, u.Session.UserRef)
		if err != nil {
			return err
		}
		since, err := tx.ProfileOffers(ctx, vpn.IDsOf(offers, func(o Offer) vpn.EndpointID { return o.Endpoint.ID })...)
		for i := range offers {
			o := &offers[i]
			if known := since[o.Endpoint.ID]; known.Revision == o.Revision {
				o.Since = known.Since
			}
			if d, ok := fetched[o.Endpoint.ID]; ok {
				o.Fetched, o.Outdated = d.At, d.Revision != o.Revision && o.Broken == nil
			}
		}
		return err
	})
}

// noteNew notes the revisions that are offered for the first time.
func (s *Service) noteNew(ctx context.Context, offers []Offer) error {
	now := s.core.Now()
	for i := range offers {
		o := &offers[i]
		if !o.Since.IsZero() || o.Broken != nil {
			continue
		}
		o.Since = now
		err := s.core.Update(ctx, func(tx *store.Tx) error { return NoteOffer(ctx, tx, o.Endpoint.ID, o.Revision, now) })
		if err != nil && vpn.KindOf(err) != vpn.Unavailable && vpn.KindOf(err) != vpn.NotFound { // the page is worth more than the note
			return err
		}
	}
	return nil
}

// Accepts tells whether the portal of an endpoint is for the user.
func (u User) Accepts(e vpn.Endpoint) bool {
	return e.PortalOpen() && e.PortalProvider() == u.Session.Provider
}

// Fetched is a configuration file that a user asked for.
type Fetched struct {
	endpoint.Configuration
	Endpoint vpn.EndpointID
	Revision string
}

// fetchesOfUser is how often a user gets files: each is a record of the audit trail, which may be kept for ever.
var fetchesOfUser = turn.Rate{Burst: 60, Every: 5 * time.Second}

var errManyFetches = vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "You downloaded many files within a short time. Try again in a few seconds.")

// Fetch gives the configuration file of an endpoint, which is the same as that of the console, and audits that it was asked for.
// vpn.ErrPortalClosed where the portal of the endpoint is not for the user; Conflict where there is no file for the command line;
// Throttled where the user asks too often.
func (s *Service) Fetch(ctx context.Context, u User, id vpn.EndpointID, commandLine bool) (Fetched, error) {
	if err := s.core.Read(ctx, u.Principal, vpn.FetchPortalConfiguration, string(id), func(tx *store.Tx) error { return checkAccepts(ctx, tx, u, id) }); err != nil {
		return Fetched{}, err
	}
	if s.fetches.Take(rateKey(u.Session.Provider, u.ID), fetchesOfUser) > 0 {
		return Fetched{}, errManyFetches
	}
	f := Fetched{Endpoint: id}
	var err error
	if f.Configuration, f.Revision, err = s.Files.PlainFile(ctx, id, commandLine); err != nil {
		return Fetched{}, err
	}
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if err := u.Recheck(ctx, tx, vpn.FetchPortalConfiguration, string(id)); err != nil {
			return err
		}
		if err := checkAccepts(ctx, tx, u, id); err != nil {
			return err
		}
		if err := NoteOffer(ctx, tx, id, f.Revision, s.core.Now()); err != nil {
			return err
		}
		return tx.Audit(ctx, s.core.Record(u.Principal, vpn.FetchPortalConfiguration, string(id)))
	})
	return f, err
}

// NoteFetched notes that a file has gone to the user's browser whole: from then on they have its revision, and it is counted
// (guide, "CloudWatch metrics", SelfServicePortalClientConfigurationDownloads).
func (s *Service) NoteFetched(ctx context.Context, u User, f Fetched) error {
	if err := u.May(vpn.FetchPortalConfiguration, string(f.Endpoint)); err != nil {
		return err
	}
	d := vpn.ProfileDownload{Endpoint: f.Endpoint, Revision: f.Revision, By: u.Name, User: u.Session.UserRef, At: s.core.Now()}
	return s.core.Update(ctx, func(tx *store.Tx) error { return NoteDownload(ctx, tx, d) })
}

// NoteDownload lists a download and counts it.
func NoteDownload(ctx context.Context, tx *store.Tx, d vpn.ProfileDownload) error {
	if err := tx.CreateProfileDownload(ctx, d); err != nil {
		return err
	}
	return tx.CountHandedOut(ctx, d.Endpoint)
}

func checkAccepts(ctx context.Context, tx *store.Tx, u User, id vpn.EndpointID) error {
	found, err := tx.EndpointsByID(ctx, id)
	if err == nil && !u.Accepts(found[id]) {
		err = vpn.ErrPortalClosed
	}
	return err
}

// NoteOffer notes that a revision is offered, unless it is known.
func NoteOffer(ctx context.Context, tx *store.Tx, id vpn.EndpointID, revision string, now time.Time) error {
	known, err := tx.ProfileOffers(ctx, id)
	if err != nil || known[id].Revision == revision {
		return err
	}
	return tx.OfferProfile(ctx, id, revision, now)
}
