package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"sallyport/config"
	"sallyport/vpn"
)

func administer(ctx context.Context, cfg config.Config, log *slog.Logger, args []string, out io.Writer) error {
	link := args[0] == "setup-link" && len(args) == 1
	if reset := args[0] == "reset-password" && len(args) == 2; !link && !reset {
		return errUsage
	}
	if err := databaseExists(cfg); err != nil {
		return err
	}
	if err := dropPrivilegesTo(cfg.DataDir); err != nil {
		return err
	}
	services, _, _, db, err := openServices(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer db.Close()
	if link {
		return services.Access.WriteSetupLink(ctx, setupLinkPlace(cfg, out))
	}
	password := vpn.NewPassword()
	if err := services.Access.ResetPasswordByName(ctx, args[1], password); err != nil {
		return err
	}
	fmt.Fprintf(out, "The new password of %s is %s\nChange it after signing in: click the name at the top of each page.\n", args[1], password)
	return nil
}

// databaseExists refuses a data directory in which no console ever ran. A new database made there
// would give out set-up links that the running console, with its own database, refuses.
func databaseExists(cfg config.Config) error {
	if cfg.Postgres() {
		return nil
	}
	path := cfg.Database.Reveal()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s: start the console once, or give this command the settings that the console runs with, for example --data-dir", path)
	}
	return nil
}
