package control

import "sallyport/vpn"

// RefusedRow is one of several things that were to be changed together and was left as it is.
type RefusedRow struct {
	Row string // its ID
	Err error  // why, for the person who asked
}

// Several changes things one after the other. A thing that is refused is left out and told; an error that is no
// refusal ends all of it. The callers run it in one transaction.
func Several[I vpn.ID](ids []I, change func(I) error) (done []I, refused []RefusedRow, err error) {
	for _, id := range ids {
		err := change(id)
		switch kind := vpn.KindOf(err); {
		case err == nil:
			done = append(done, id)
		case kind == vpn.NotFound || kind == vpn.Conflict || kind == vpn.Invalid:
			refused = append(refused, RefusedRow{string(id), err})
		default:
			return nil, nil, err
		}
	}
	return done, refused, nil
}
