package access

import (
	"context"
	"fmt"
	"io"
	"os"
)

// SetupLinkPlace is where a set-up link is written: to a file that only its owner can read, and to Out.
type SetupLinkPlace struct {
	ConsoleURL string
	File       string
	Out        io.Writer
}

// OfferSetup writes a set-up link where no administrator exists. Otherwise it removes the file of an earlier one.
func (s *Service) OfferSetup(ctx context.Context, to SetupLinkPlace) error {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed {
		_ = os.Remove(to.File) // the link in it is used or void
		return nil
	}
	return s.WriteSetupLink(ctx, to)
}

// WriteSetupLink makes a new set-up link and writes it. Conflict where an administrator exists.
func (s *Service) WriteSetupLink(ctx context.Context, to SetupLinkPlace) error {
	token, expires, err := s.NewSetupLink(ctx)
	if err != nil {
		return err
	}
	link := to.ConsoleURL + "/setup?token=" + token
	if err := os.WriteFile(to.File, []byte(link+"\n"), 0o600); err != nil {
		return fmt.Errorf("set-up link: %w", err)
	}
	fmt.Fprintf(to.Out, "\nCreate the first administrator here, until %s:\n\n  %s\n\n(The link is also in %s.)\n\n",
		expires.Local().Format("15:04 MST"), link, to.File)
	return nil
}
