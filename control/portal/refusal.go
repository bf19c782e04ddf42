package portal

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"sallyport/store"
	"sallyport/vpn"
)

// refusedSignIn is a sign-in to the portal that was refused.
type refusedSignIn struct {
	door      Door
	typed     string           // the user name; empty where users sign in at a SAML provider
	user      vpn.ProviderUser // whom the provider proved; zero: none
	by        Visitor
	refusal   *vpn.Error
	momentary bool // nothing but the moment is against it: it is logged and not listed
}

// longestName bounds a name as typed, in characters.
const longestName = 255

// noteRefusal logs a refused sign-in and lists it among the refused attempts, with its user: whom the provider proved, else the
// known user whose name was typed. What cannot be stored changes nothing for the visitor.
func (s *Service) noteRefusal(ctx context.Context, r refusedSignIn) {
	s.core.Log.InfoContext(ctx, "a sign-in to the self-service portal was refused", "endpoint", r.door.Endpoint, "provider", r.door.Provider,
		"source", r.by.Addr.String(), "code", r.refusal.Code, "reason", r.refusal.Msg, "request_id", r.by.Request)
	if r.momentary || !slices.Contains(vpn.LoginCodes(), r.refusal.Code) {
		return
	}
	typed := []rune(vpn.PrintableText(strings.TrimSpace(r.typed)))
	attempt := vpn.RefusedAttempt{
		Endpoint: r.door.Endpoint, Device: netip.AddrPortFrom(r.by.Addr, 0), Username: string(typed[:min(len(typed), longestName)]),
		Code: r.refusal.Code, Reason: r.refusal.Listed(), Portal: true,
	}
	err := s.core.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		seen, known, err := s.refusedUser(ctx, tx, r, attempt.Username)
		if err != nil {
			return err
		}
		if known {
			attempt.User = seen.UserRef
			if attempt.Username == "" {
				attempt.Username = vpn.PrintableText(seen.Name)
			}
			if err := tx.SeeUser(ctx, seen); err != nil {
				return err
			}
		}
		return tx.CreateAttempt(ctx, attempt, s.core.Now())
	})
	if err != nil {
		s.core.Log.WarnContext(ctx, "a refused sign-in to the self-service portal was not listed", "endpoint", r.door.Endpoint, "err", err)
	}
}

// refusedUser is the sighting of the user of a refused sign-in; false: it is not known who that was. A refusal before the provider was
// asked names no user: what is written about a known one takes time, by which names could be told apart without a limit.
func (s *Service) refusedUser(ctx context.Context, tx *store.Tx, r refusedSignIn, typed string) (seen vpn.Sighting, known bool, err error) {
	seen = vpn.Sighting{At: s.core.Now(), Endpoint: r.door.Endpoint, Refused: r.refusal}
	if r.user.Key != "" {
		identity := r.user.Identity(r.door.Provider)
		seen.UserRef, seen.Name, seen.Groups, seen.More = identity.Ref(), identity.Name, r.user.Groups[:len(identity.Groups)], identity.More
		return seen, true, nil
	}
	if typed == "" || r.refusal.Code == vpn.CodeSignInThrottled {
		return seen, false, nil
	}
	u, err := tx.VPNUserNamed(ctx, r.door.Provider, typed)
	if vpn.KindOf(err) == vpn.NotFound {
		return seen, false, nil
	}
	seen.UserRef, seen.Name, seen.Unproved = u.UserRef, u.Name, true
	return seen, err == nil, err
}
