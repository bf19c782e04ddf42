package installer

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// How many files are open at a time, of one user, of one network, which may be a whole office, and in all, and how many wait: each
// has a piece in memory for as long as its browser takes, and one connection of a browser carries many requests.
var (
	downloadsOfUser    = turn.Limit{Places: 4, Wanted: 8}
	downloadsOfNetwork = turn.Limit{Places: 32, Wanted: 256}
	downloadsOfAll     = turn.Limit{Places: 128, Wanted: 1024}
)

// openWait is how long a download waits until others have ended.
const openWait = 15 * time.Second

var errManyDownloads = vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "Too many downloads run at the moment. Wait until yours have ended, then try again.")

// Open gives the file of a platform for a user of the self-service portal, which the caller closes. NotFound where there is no
// file; Throttled where too many are open.
func (s *Service) Open(ctx context.Context, by control.Principal, p vpn.Platform) (vpn.Installer, io.ReadSeekCloser, error) {
	i, err := s.Offered(ctx, by, p)
	switch {
	case err != nil:
		return vpn.Installer{}, nil, err
	case i == nil || i.File == "":
		return vpn.Installer{}, nil, vpn.Refuse(vpn.NotFound, vpn.CodeInstallerNotFound, "There is no installer for this platform any more. Go back to the page and load it again.")
	}
	wait, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	done, err := s.take(wait, by)
	switch {
	case errors.Is(err, turn.ErrMany), errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return vpn.Installer{}, nil, errManyDownloads
	case err != nil:
		return vpn.Installer{}, nil, err
	}
	return *i, &reader{ctx: ctx, core: s.core, file: i.File, size: i.Size, number: -1, done: sync.OnceFunc(done)}, nil
}

// take waits for a place of the user, and then for one of the network: a user who waits takes no place from others.
func (s *Service) take(ctx context.Context, by control.Principal) (done func(), err error) {
	ofUser, err := s.ofUsers.Take(ctx, by.ID, downloadsOfUser)
	if err != nil {
		return nil, err
	}
	ofNetwork, err := s.ofNetworks.Take(ctx, control.SourceNetwork(by.Source))
	if err != nil {
		ofUser()
		return nil, err
	}
	return func() { ofNetwork(); ofUser() }, nil
}

// reader reads the pieces of a file one by one. A file that is replaced meanwhile is read to its end: it is purged later.
type reader struct {
	ctx    context.Context //nolint:containedctx // of the one request that reads
	core   *control.Core
	file   string
	size   int64
	at     int64
	number int64 // of piece
	piece  []byte
	done   func() // gives the place of the download back
}

// Close implements io.Closer.
func (r *reader) Close() error {
	r.piece = nil
	r.done()
	return nil
}

func (r *reader) Read(b []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if number := r.at / pieceSize; number != r.number {
		err := r.core.View(r.ctx, func(tx *store.Tx) (err error) {
			r.piece, err = tx.InstallerPiece(r.ctx, r.file, int(number))
			return err
		})
		if err != nil {
			return 0, err
		}
		r.number = number
	}
	from := r.at % pieceSize
	if from >= int64(len(r.piece)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, r.piece[from:])
	r.at += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of the file")
	}
	r.at = offset
	return offset, nil
}
