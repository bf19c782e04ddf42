package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"sallyport/config"
	"sallyport/store"
)

func migrate(ctx context.Context, cfg config.Config, log *slog.Logger, out io.Writer) error {
	if err := dropPrivilegesTo(cfg.DataDir); err != nil {
		return err
	}
	db, err := store.Open(ctx, cfg.Database.Reveal(), store.Options{Logger: log})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Migrate(ctx), db.Close()); err != nil {
		return err
	}
	fmt.Fprintln(out, "The database is up to date.")
	return nil
}
