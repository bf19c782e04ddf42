package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// handOver makes the data directory the web user's where it is new or was root's. Of root's own it
// takes only a directory with nothing in it but files, as ours is: a slip in data_dir, such as /etc
// or /var/lib, would otherwise give the host away to the process that strangers talk to.
func handOver(dir string, to account) error {
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
	// The directory last: one that was handed over in part is taken up again.
	return errors.Join(err, os.Lchown(dir, to.uid, to.gid))
}

// ownFiles lists what a directory of root's holds, all of which may be given away.
func ownFiles(dir string) ([]fs.DirEntry, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("data directory %s is one that others can write to; give data_dir a directory of its own", dir)
	}
	// Nobody but its owner could have put anything there, and nobody can while this goes on.
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
			return nil, fmt.Errorf("data directory %s is not Sallyport's own: it has %s in it, which is not to be given to web_user; give data_dir a directory of its own", dir, e.Name())
		}
	}
	return entries, nil
}
