package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// account is a user that a process runs as.
type account struct{ uid, gid int }

// lookupUser finds a user by name or number and refuses root. A number without an account has the group of the same
// number.
func lookupUser(name string) (account, error) {
	a, err := findUser(name)
	if err == nil && (a.uid <= 0 || a.gid < 0) {
		return account{}, fmt.Errorf("%q is user %d; the web process must not run as that user", name, a.uid)
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

// dropPrivilegesTo makes a command that root runs continue as the owner of the data directory: the console's process
// could not open database files that belong to root.
func dropPrivilegesTo(dir string) error {
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
		return fmt.Errorf("continue as the owner of %s: %w", dir, err)
	}
	return nil
}

// The web process gets only the variables of root's environment that it reads: it serves the network, and the shell of
// an administrator has tokens of other programs in it.
var (
	environmentNames    = []string{"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOCALDOMAIN", "RES_OPTIONS"}
	environmentPrefixes = []string{"SALLYPORT_", "LC_", "GO", "PG"} // Sallyport, the language, Go's runtime, PostgreSQL's client
)

// filteredEnv is the environment for a process that runs as another user.
func filteredEnv(environ []string) []string {
	out := []string{}
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains(environmentNames, name) ||
			slices.ContainsFunc(environmentPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			out = append(out, v)
		}
	}
	return out
}
