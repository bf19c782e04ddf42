package identity

import (
	"context"
	"net/netip"

	"sallyport/vpn"
)

// ProofRequest asks a directory about the user name and the password of a login.
type ProofRequest struct {
	Directory vpn.DirectoryID
	Username  string     // as typed
	Password  vpn.Secret // as the client sent it
	From      netip.Addr // the client's
}

// Prove has a directory prove a user. The Proof has the settings that it was asked by also where the user is refused.
// Errors: Denied and Throttled with the code of the reason; Unavailable where the directory cannot say.
func (s *Service) Prove(ctx context.Context, r ProofRequest) (vpn.Proof, error) {
	d, source, err := s.Source(ctx, r.Directory)
	if err != nil {
		return vpn.Proof{}, err
	}
	proof := vpn.Proof{Directory: d.ID, Version: d.Version, MFA: d.MFA}
	proof.User, err = source.SignIn(ctx, vpn.SignInAttempt{Name: r.Username, Password: r.Password})
	return proof, err
}
