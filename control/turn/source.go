package turn

import "context"

// Sources gives turns by the source of a caller, and to all together, so that one source does not take every place.
type Sources struct {
	OfOne, OfAll Limit
	turns        Turns[string] // by the source; "": all
}

// Take waits for a turn of a source, which is not empty. done ends it. The error is ErrMany, or that of ctx.
func (s *Sources) Take(ctx context.Context, source string) (done func(), err error) {
	one, err := s.turns.Take(ctx, source, s.OfOne)
	if err != nil {
		return nil, err
	}
	all, err := s.turns.Take(ctx, "", s.OfAll)
	if err != nil {
		one()
		return nil, err
	}
	return func() { all(); one() }, nil
}
