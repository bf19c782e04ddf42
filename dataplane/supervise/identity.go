package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrGone is returned where the process that an Identity names has ended.
var ErrGone = errors.New("the process has ended")

// Identity identifies one process for good: a PID is used again, but not with the same start time in
// the same boot of the machine.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot, field 22 of /proc/PID/stat
	Boot  string `json:"boot"`
}

// readIdentity reads the identity of a running process. It returns ErrGone where the process has
// ended, reaped or not.
func readIdentity(pid int) (Identity, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{}, fmt.Errorf("boot ID: %w", err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Identity{}, fmt.Errorf("process %d: %w", pid, errors.Join(ErrGone, err))
	}
	state, start, err := parseStat(stat)
	if err != nil {
		return Identity{}, fmt.Errorf("process %d: %w", pid, err)
	}
	if state == "Z" || state == "X" {
		return Identity{}, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	return Identity{PID: pid, Start: start, Boot: strings.TrimSpace(string(boot))}, nil
}

// parseStat reads fields 3 and 22. Field 2 is the program's name in parentheses and may itself contain
// spaces, parentheses and digits, so it ends at the last parenthesis.
func parseStat(stat []byte) (state string, start uint64, err error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return "", 0, errors.New("stat without a name")
	}
	f := strings.Fields(string(stat[end+1:]))
	if len(f) < 20 {
		return "", 0, fmt.Errorf("stat with %d fields after the name", len(f))
	}
	start, err = strconv.ParseUint(f[19], 10, 64)
	return f[0], start, err
}

// Running lists the processes that have a worker's uid and a working directory below the given one;
// the workers of another dataplane on this machine have theirs elsewhere. A worker that is in no
// journal was started just before a crash and has a tun device open: at start, Adopt and Stop it.
func Running(below string) ([]Identity, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var out []Identity
	for _, dir := range dirs {
		uid, ok := effectiveUID(dir)
		if !ok || uid < FirstUID || uid > LastUID {
			continue
		}
		at, err := os.Readlink(filepath.Join(dir, "cwd"))
		if err != nil || !strings.HasPrefix(at, filepath.Clean(below)+"/") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if id, err := readIdentity(pid); err == nil {
			out = append(out, id)
		}
	}
	return out, nil
}

// EndOthers ends every process under a worker's uid in this network, or in a user namespace of its
// own, and returns how many there were. To be called before a worker starts: a process that an
// earlier one left behind could read the keys of the next. Workers of a dataplane in another network
// namespace, which have the same uids, are passed by.
func EndOthers(uid uint32) (ended int, err error) {
	if uid < FirstUID || uid > LastUID {
		return 0, fmt.Errorf("uid %d is no worker's", uid)
	}
	network, user := namespaces("/proc/self")
	for range 100 { // one that starts others is overtaken: it is killed with all that are seen
		dirs, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return ended, err
		}
		found := 0
		for _, dir := range dirs {
			owner, ok := effectiveUID(dir)
			if !ok || owner != uid {
				continue
			}
			pid, err := strconv.Atoi(filepath.Base(dir))
			if err != nil {
				continue
			}
			id, err := readIdentity(pid)
			if err != nil {
				continue // it has ended
			}
			if itsNetwork, itsUser := namespaces(dir); itsUser == user && itsNetwork != network {
				continue
			}
			p, err := Adopt(id)
			if err != nil {
				continue
			}
			found++
			err = p.Kill()
			p.Release()
			if err != nil {
				return ended, err
			}
		}
		if found == 0 {
			return ended, nil
		}
		ended += found
	}
	return ended, fmt.Errorf("processes under the uid %d start faster than they are ended", uid)
}

// namespaces returns the network and user namespaces of a process, "" where they cannot be read.
func namespaces(dir string) (network, user string) {
	network, _ = os.Readlink(filepath.Join(dir, "ns", "net"))
	user, _ = os.Readlink(filepath.Join(dir, "ns", "user"))
	return network, user
}

func effectiveUID(dir string) (uint32, bool) {
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return 0, false // it has just ended
	}
	for l := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(l, "Uid:"); ok {
			f := strings.Fields(rest)
			if len(f) < 2 {
				return 0, false
			}
			uid, err := strconv.ParseUint(f[1], 10, 32)
			return uint32(uid), err == nil
		}
	}
	return 0, false
}
