package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is a user that a process runs as.
type account struct{ uid, gid int }

// lookupUser finds a user by name or number, who must not be root under any name. A number needs
// no account: its group is then the same number.
func lookupUser(name string) (account, error) {
	a, err := findUser(name)
	if err == nil && (a.uid <= 0 || a.gid < 0) {
		return account{}, fmt.Errorf("%q is user %d, which the web process must not be", name, a.uid)
	}
	return a, err
}

func findUser(name string) (account, error) {
	if n, err := strconv.Atoi(name); err == nil {
		if u, err := user.LookupId(name); err == nil {
			gid, err := strconv.Atoi(u.Gid)
			return account{n, gid}, err
		}
		return account{n, n}, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return account{uid, gid}, errors.Join(err1, err2)
}

// becomeOwner has a command that root runs act as the owner of the data directory: files that it
// made as root would lock the console's process out of its own database.
func becomeOwner(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) || os.Geteuid() != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if owner.Uid == 0 {
		return nil
	}
	err = errors.Join(syscall.Setgroups(nil), syscall.Setgid(int(owner.Gid)), syscall.Setuid(int(owner.Uid)))
	if err != nil {
		return fmt.Errorf("become the owner of %s: %w", dir, err)
	}
	return nil
}
