package installer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// pieceSize is how many bytes one transaction stores: so an upload holds up no login.
const pieceSize = 512 << 10

// dropPieces is how many pieces one transaction deletes.
const dropPieces = 16

// Upload is a file that an administrator sends.
type Upload struct {
	Platform vpn.Platform
	Program  vpn.ClientProgramID
	FileName string
	Body     io.Reader
	// Progress is called before each piece is read. It may be nil.
	Progress func()
}

// Replace stores a file while it arrives, and then offers it in the place of what the platform has: until then, and where the
// upload fails, the former one is offered. Fields: program, file.
func (s *Service) Replace(ctx context.Context, by control.Principal, u Upload) error {
	if err := s.core.Allow(ctx, by, vpn.ReplaceInstaller, string(u.Platform)); err != nil {
		return err
	}
	i, err := vpn.NewInstallerFile(u.Platform, u.Program, u.FileName, s.core.Now(), by.Name)
	if err != nil {
		return err
	}
	var most int64
	err = s.core.View(ctx, func(tx *store.Tx) error {
		d, err := s.core.Deployment(ctx, tx)
		most = int64(d.InstallerMegabytes) * 1_000_000
		return err
	})
	if err != nil {
		return err
	}
	i.File = vpn.NewToken().Reveal()
	if err := s.core.Update(ctx, func(tx *store.Tx) error { return tx.CreateInstallerFile(ctx, i.File, s.core.Now()) }); err != nil {
		return err
	}
	if i.Size, i.SHA256, err = s.keep(ctx, i.File, u, most); err == nil {
		err = s.core.Change(ctx, by, vpn.ReplaceInstaller, string(u.Platform), func(tx *store.Tx, a *vpn.AuditRecord) error {
			i.At = s.core.Now()
			return replace(ctx, tx, i, a)
		})
	}
	if err != nil {
		s.drop(ctx, i.File)
	}
	return err
}

// keep stores the pieces of a file of at most so many bytes.
func (s *Service) keep(ctx context.Context, file string, u Upload, most int64) (size int64, checksum string, err error) {
	sum := sha256.New()
	piece := make([]byte, pieceSize)
	for number := 0; ; number++ {
		if u.Progress != nil {
			u.Progress()
		}
		n, err := io.ReadFull(u.Body, piece)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return 0, "", refuseFile("The file did not arrive whole. Upload it again.").Because(err)
		}
		size += int64(n)
		switch {
		case size > most:
			return 0, "", refuseFile(fmt.Sprintf("The file is larger than %d MB. Raise the limit on the page Settings, or set a link.", most/1_000_000))
		case size == 0:
			return 0, "", refuseFile("The file is empty.")
		}
		if n > 0 {
			sum.Write(piece[:n])
			if err := s.core.Update(ctx, func(tx *store.Tx) error { return tx.AddInstallerPiece(ctx, file, number, piece[:n]) }); err != nil {
				return 0, "", err
			}
		}
		if last {
			return size, hex.EncodeToString(sum.Sum(nil)), nil
		}
	}
}

// refuseFile is a refusal beside the control of the file.
func refuseFile(sentence string) *vpn.Error {
	var c vpn.Check
	c.Bad("file", sentence)
	err, _ := errors.AsType[*vpn.Error](c.Err())
	return err
}

// drop deletes what was stored of an upload that failed, as far as it can; the rest is purged later.
func (s *Service) drop(ctx context.Context, file string) {
	ctx = store.Urgent(context.WithoutCancel(ctx))
	for n := 1; n > 0; {
		if err := s.core.Update(ctx, func(tx *store.Tx) (err error) { n, err = tx.DropInstallerFile(ctx, file, dropPieces); return err }); err != nil {
			s.core.Log.WarnContext(ctx, "a part of an upload that failed is kept for now", "file", file, "err", err)
			return
		}
	}
}
