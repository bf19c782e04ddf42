package runner

import (
	"context"
	"slices"

	"sallyport/vpn"
)

// refsOf are the users who may be those of the logins: of the certificate, and of what a directory proved.
func refsOf(ls []login) []vpn.UserRef {
	var refs []vpn.UserRef
	for _, l := range ls {
		if l.CommonName != "" {
			refs = append(refs, vpn.Identity{Name: l.CommonName}.Ref())
		}
		if l.proof.User.Key != "" {
			refs = append(refs, l.proof.User.Identity(l.proof.Provider).Ref())
		}
	}
	return refs
}

// sighting is a login of a user, with what its proof tells of the user.
func (b *batch) sighting(r vpn.LoginRequest, ref vpn.UserRef, proof vpn.Proof) vpn.Sighting {
	s := vpn.Sighting{UserRef: ref, Name: ref.Key, At: b.core.Now(), Endpoint: r.Endpoint}
	if ref.Provider != "" {
		identity := proof.User.Identity(proof.Provider)
		s.Name, s.More, s.Groups = identity.Name, identity.More, proof.User.Groups[:len(identity.Groups)]
	}
	return s
}

// unprovedCodes are the refusals of certificates that prove no user.
var unprovedCodes = []vpn.Code{vpn.CodeCertificateUntrusted, vpn.CodeCommonNameMissing, vpn.CodeCommonNameTooLong, vpn.CodeCommonNameInvalid}

// seeRefused notes a refused login with its user, whom it returns; the zero value: not known. Where the directory proved no user,
// it is the known user whose name was typed, if there is one.
func (b *batch) seeRefused(ctx context.Context, r vpn.LoginRequest, refused *vpn.Error, proof vpn.Proof) (vpn.UserRef, error) {
	e := b.contexts[r.Endpoint].endpoint
	user := vpn.UserOf(e, r, proof)
	s := b.sighting(r, user.Ref(), proof)
	s.Refused = refused
	switch {
	case !e.UserBased():
		s.Unproved = slices.Contains(unprovedCodes, refused.Code)
	case user.Key == "":
		if !e.AsksPassword() || r.Username == "" { // the name that a client with a browser sends says nothing
			return vpn.UserRef{}, nil
		}
		known, err := b.tx.VPNUserNamed(ctx, e.Provider(), r.Username)
		if vpn.KindOf(err) == vpn.NotFound {
			return vpn.UserRef{}, nil
		}
		if err != nil {
			return vpn.UserRef{}, err
		}
		s.UserRef, s.Unproved = known.UserRef, true
	}
	if s.Key == "" {
		return vpn.UserRef{}, nil
	}
	b.seen = append(b.seen, s)
	if !e.UserBased() && s.Unproved {
		return vpn.UserRef{}, nil
	}
	return s.UserRef, nil
}
