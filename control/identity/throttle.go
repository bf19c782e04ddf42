package identity

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

const (
	// placeAge is how old the record of a place may be before a sign-in from there renews it.
	placeAge = 24 * time.Hour
	// crowded is what an account with too many sign-ins at a time is told to wait.
	crowded = 5 * time.Second
)

// oneSignIn has the sign-ins of one account follow each other. On several nodes each has its own turns: so many may be judged
// by the same count.
var oneSignIn = turn.Limit{Places: 1, Wanted: 32}

// throttle bounds the failed sign-ins of one attempt's account and source (vpn.SignInLimit). The counts are in the database,
// so that they outlast the program and are one for logins, tests and pages. The console's own accounts have no directory
// that locks them, and a throttle of their own (package access).
type throttle struct {
	service *Service
	request ProofRequest
	limit   vpn.SignInLimit

	account store.SignInID // empty until the user was looked for
	// counted are the counters of the account: that of the user, and that of the name. A name is counted whether the
	// directory has it or not, so that what a name with another domain is told does not tell whether there is such a user.
	counted map[store.SignInID]vpn.SignInSubject
	known   bool           // the account signed in from one of the places
	note    vpn.SignInNote // what a success has to store: most have nothing
	code    store.SignInID // the counter of the MFA code that is judged; empty: none is
	release func()         // ends the turn of the account; nil: it has none
}

// source is the network that the attempt comes from.
func (t *throttle) source() store.SignInID {
	return store.NewSignInID("source", control.SourceNetwork(t.request.From.Unmap().String()))
}

// places are from where the attempt comes: the network, and the device that has proved a certificate.
func (t *throttle) places() []store.SignInID {
	if t.request.Device == "" {
		return []store.SignInID{t.source()}
	}
	return []store.SignInID{t.source(), store.NewSignInID("device", t.request.Device)}
}

// begin reads the limit, and refuses a source that has failed too often before the directory is asked, unless one of the
// directory's users signed in from there: who that is, is not known yet.
func (t *throttle) begin(ctx context.Context) error {
	now := t.service.core.Now()
	return t.service.core.Glance(ctx, func(tx *store.Tx) error {
		deployment, err := t.service.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		t.limit = deployment.SignIn
		failed, err := tx.SignInFailures(ctx, t.source())
		if err != nil {
			return err
		}
		wait := t.limit.SourceWait(failed, now)
		if wait == 0 {
			return nil
		}
		if last, err := tx.SignedInAt(ctx, t.request.Directory, "", t.places()...); err != nil || !last.IsZero() {
			return err
		}
		return vpn.ErrSignInThrottled(wait, now)
	})
}

// mayTry is vpn.SignInAttempt.Found. Sign-ins of one account take turns: the next one is judged by the result of the one
// before.
func (t *throttle) mayTry(ctx context.Context, key string) error {
	t.account = store.NewSignInID("name", string(t.request.Directory), bareName(t.request.Username))
	t.counted = map[store.SignInID]vpn.SignInSubject{t.account: vpn.SubjectUnknown}
	if key != "" {
		t.account = store.NewSignInID("user", string(t.request.Directory), key)
		t.counted[t.account] = vpn.SubjectUser
	}
	release, err := t.service.turns.Take(ctx, t.account, oneSignIn)
	if errors.Is(err, turn.ErrMany) {
		return vpn.ErrSignInThrottled(crowded, t.service.core.Now())
	}
	if err != nil {
		return errSlowSignIns.Because(err)
	}
	t.release = release
	now := t.service.core.Now()
	return t.service.core.Glance(ctx, func(tx *store.Tx) error {
		last, err := tx.SignInPlaces(ctx, t.request.Directory, t.account, t.places()...)
		if err != nil {
			return err
		}
		failed, err := tx.SignInFailuresOf(ctx, append(slices.Collect(maps.Keys(t.counted)), t.source())...)
		if err != nil {
			return err
		}
		t.known, t.note = len(last) > 0, vpn.SignInNote{Directory: t.request.Directory, Account: string(t.account)}
		var wait time.Duration
		for subject := range t.counted {
			wait = max(wait, t.limit.AccountWait(failed[subject], t.known, now))
			if failed[subject].Count > 0 { // what another node counts meanwhile stays
				t.note.Forget = append(t.note.Forget, string(subject))
			}
		}
		for _, p := range t.places() {
			if !t.request.Trial && !control.IsYoung(last[p], now, placeAge) {
				t.note.Places = append(t.note.Places, string(p))
			}
		}
		if !t.known {
			wait = max(wait, t.limit.SourceWait(failed[t.source()], now))
		}
		if wait > 0 {
			return vpn.ErrSignInThrottled(wait, now)
		}
		return nil
	})
}

// mayJudge tells whether a code of an MFA device is judged, after the password was right.
func (t *throttle) mayJudge(ctx context.Context, tx *store.Tx, device vpn.MFADeviceID) error {
	t.code = store.NewSignInID("code", string(device), strconv.FormatBool(t.known))
	wrong, err := tx.SignInFailures(ctx, t.code)
	if err != nil {
		return err
	}
	now := t.service.core.Now()
	if wait := t.codes().Wait(wrong, now); wait > 0 {
		return vpn.ErrMFACodesThrottled(wait, now)
	}
	return nil
}

// codes is the limit of the code.
func (t *throttle) codes() vpn.MFALimit {
	if t.known {
		return vpn.MFALimitKnown
	}
	return vpn.MFALimitElsewhere
}

// bareName is a typed name without the domain and in one case, so that an unknown user is counted once however the name
// is written, as a known one is.
func bareName(typed string) string {
	name := strings.ToLower(strings.TrimSpace(typed))
	if _, after, ok := strings.Cut(name, `\`); ok {
		name = after
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

// end counts a failure and ends the account's turn. What a success stores is t.note; the transaction that lets the user in stores it, because
// the sign-in may be refused yet, for another reason or because its MFA code was used meanwhile. A failure that cannot be stored
// fails the sign-in.
func (t *throttle) end(ctx context.Context, result error) error {
	if t.release == nil {
		return result
	}
	defer t.release()
	refused := refusalOf(result)
	if refused == nil || !refused.CountsAsFailure() {
		return result
	}
	ctx = context.WithoutCancel(ctx) // a client that leaves does not take its guess back
	return cmp.Or(t.failed(ctx, refused.Code == vpn.CodeMFACodeWrong), result)
}

func (t *throttle) failed(ctx context.Context, wrongCode bool) error {
	now := t.service.core.Now()
	return t.service.core.Update(ctx, func(tx *store.Tx) error {
		subjects := maps.Clone(t.counted)
		subjects[t.source()] = vpn.SubjectSource
		for subject, kind := range subjects {
			f, err := tx.SignInFailures(ctx, subject)
			if err == nil {
				err = tx.SaveSignInFailures(ctx, subject, kind, t.limit.Failed(f, now))
			}
			if err != nil {
				return err
			}
		}
		if !wrongCode {
			return nil
		}
		wrong, err := tx.SignInFailures(ctx, t.code)
		if err != nil {
			return err
		}
		return tx.SaveSignInFailures(ctx, t.code, vpn.SubjectUser, t.codes().Wrong(wrong, now))
	})
}
