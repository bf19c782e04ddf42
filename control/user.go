package control

import (
	"context"

	"sallyport/vpn"
)

// User is an endpoint that uses something, with the name that a person knows it by.
type User struct {
	ID   vpn.EndpointID
	Name string // "" where it has none
}

// Label is what lists call the endpoint.
func (u User) Label() string {
	if u.Name == "" {
		return string(u.ID)
	}
	return u.Name
}

// users gives each thing's endpoints their names, with one question for all of them.
func users[K comparable](ctx context.Context, tx Tx, of map[K][]vpn.EndpointID) (map[K][]User, error) {
	var ids []vpn.EndpointID
	for _, list := range of {
		ids = append(ids, list...)
	}
	names, err := tx.EndpointNames(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := make(map[K][]User, len(of))
	for k, list := range of {
		for _, id := range list {
			out[k] = append(out[k], User{ID: id, Name: names[id]})
		}
	}
	return out, nil
}

// EndpointNames gives the names of endpoints; those without one, and those that are gone, are absent
// or empty.
func (s *Service) EndpointNames(ctx context.Context, by Actor, ids ...vpn.EndpointID) (names map[vpn.EndpointID]string, err error) {
	err = s.read(ctx, by, func(tx Tx) error { names, err = tx.EndpointNames(ctx, ids...); return err })
	return names, err
}
