package signin

import (
	"context"
	"errors"
	"time"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/vpn"
)

// How many answers a process verifies at a time, and how many wait: a forged answer costs 20 ms of a processor and 14 MB,
// and needs no account. Of one source, which may be a whole office, one is verified at a time.
var (
	answersOfSource = turn.Limit{Places: 1, Wanted: 128}
	answersOfAll    = turn.Limit{Places: 2, Wanted: 512}
)

// answerWait is how long an answer waits for its turn.
const answerWait = 10 * time.Second

var errManyAnswers = vpn.Refuse(vpn.Unavailable, vpn.CodeRequestLimitExceeded, "Many users sign in at the moment. Load this page again in some seconds: your sign-in then continues.")

// takeTurn waits for the turn of an answer. done ends it.
func (s *Service) takeTurn(ctx context.Context, by Browser) (done func(), err error) {
	wait, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	done, err = s.answers.Take(wait, control.SourceNetwork(by.Addr.String()))
	if errors.Is(err, turn.ErrMany) || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, errManyAnswers
	}
	return done, err
}
