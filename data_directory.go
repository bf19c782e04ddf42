package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ensureDataDir creates the data directory, or makes sure that only its owner can read it.
func ensureDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// chownDataDir gives the data directory to the web user where it is new or belongs to root. A directory of root's must
// contain only regular files, as ours does: otherwise a wrong data_dir, such as /etc or /var/lib, would give system
// files to the process that serves the network.
func chownDataDir(dir string, to account) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	switch owner := int(info.Sys().(*syscall.Stat_t).Uid); owner {
	case to.uid:
		return nil
	case 0:
	default:
		return fmt.Errorf("data directory %s belongs to user %d, not to web_user %d", dir, owner, to.uid)
	}
	entries, err := ownFiles(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		err = errors.Join(err, os.Lchown(filepath.Join(dir, e.Name()), to.uid, to.gid))
	}
	// The directory last, so that the next start continues after an interruption.
	return errors.Join(err, os.Lchown(dir, to.uid, to.gid))
}

// ownFiles lists the files of a directory of root's. It fails unless all of them may be given to the web user.
func ownFiles(dir string) ([]fs.DirEntry, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("other users can write to the data directory %s; give data_dir a directory of its own", dir)
	}
	// Only root could have created the files, and no other user can create one now.
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
		if !info.Mode().IsRegular() || info.Sys().(*syscall.Stat_t).Nlink != 1 { // or it has another name elsewhere
			return nil, fmt.Errorf("data directory %s is not Sallyport's own: it contains %s, which must not be given to web_user; give data_dir a directory of its own", dir, e.Name())
		}
	}
	return entries, nil
}
