package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
)

// Settings changes settings of interfaces that are not ours, and records their previous values in a
// file that the next process reads after a crash. The file must be in a directory that is emptied
// when the host restarts, because the settings are reset then as well. Its methods may be called from
// several goroutines.
type Settings struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex // guards changed, the file and the settings; no other lock is taken under it
	changed []settingChange
}

// settingChange is one changed setting with its previous and its new value. The index distinguishes an
// interface from a later one of the same name.
type settingChange struct {
	Interface string `json:"interface"`
	Index     int    `json:"index"`
	Key       string `json:"key"`
	Was       string `json:"was"`
	Now       string `json:"now"`
	// Host is the same setting of the host as a whole ("all") since the change, as far as it is known.
	Host string `json:"host,omitempty"`
}

// OpenSettings reads the record at path (mode 0600), or starts an empty one. Errors, of all methods
// too, are *vpn.Error.
func OpenSettings(path string, log *slog.Logger) (*Settings, error) {
	s := &Settings{path: path, log: log}
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, Unavailable(err, "The record of changed host settings %s cannot be read.", path)
	}
	if err := json.Unmarshal(raw, &s.changed); err != nil {
		return nil, Unavailable(err, "The record of changed host settings %s is damaged; remove it and check net.ipv4.conf.*.forwarding by hand.", path)
	}
	return s, nil
}

// Follow forgets the interfaces whose forwarding another program wants too: it has switched forwarding
// on for the whole host (net.ipv4.ip_forward) since Forward enabled theirs. They are left on by
// Restore and Release. It returns these interfaces.
func (s *Settings) Follow() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.follow()
}

// follow is Follow; s.mu is held.
func (s *Settings) follow() (wanted []string, err error) {
	host, err := readSetting(wholeHost, "forwarding")
	if err != nil {
		return nil, err
	}
	var kept []settingChange
	differs := false
	for _, c := range s.changed {
		if c.Key == "forwarding" && c.Host != host && c.Host != "" {
			differs = true
			if host == "1" {
				wanted = append(wanted, c.Interface)
				continue
			}
			c.Host = host
		}
		kept = append(kept, c)
	}
	if !differs {
		return nil, nil
	}
	s.changed = kept
	return wanted, s.save(kept)
}

// wholeHost is the name under which the kernel has the settings of all interfaces.
const wholeHost = "all"

// WouldForward returns those of the interfaces on which forwarding is off, or was off before Forward
// enabled it. Before Forward is called, a rule must drop their packets that belong to no client.
func (s *Settings) WouldForward(interfaces ...string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, name := range interfaces {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return nil, Unavailable(err, "The network interface %s does not exist.", name)
		}
		value, err := readSetting(name, "forwarding")
		if err != nil {
			return nil, err
		}
		if (value == "0" || s.indexOf(name, link.Attrs().Index, "forwarding") >= 0) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Forward enables forwarding of packets that come in on the interface. repaired is true where it had
// been enabled before and another program had disabled it.
func (s *Settings) Forward(name string) (repaired bool, err error) {
	return s.set(name, "forwarding", "1")
}

// LoosenReversePath accepts packets on the interface although the route back to their sender uses
// another one (rp_filter 2). An association with a next hop of its own needs that.
func (s *Settings) LoosenReversePath(name string) (repaired bool, err error) {
	return s.set(name, "rp_filter", "2")
}

func (s *Settings) set(name, key, want string) (repaired bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	link, err := netlink.LinkByName(name)
	if err != nil {
		return false, Unavailable(err, "The network interface %s does not exist.", name)
	}
	is, err := readSetting(name, key)
	if err != nil || is == want {
		return false, err
	}
	if s.indexOf(name, link.Attrs().Index, key) >= 0 {
		repaired = true
	} else {
		// Write the record first: after a crash in between, Restore finds the setting unchanged.
		changed := slices.DeleteFunc(slices.Clone(s.changed), func(c settingChange) bool { return c.Interface == name && c.Key == key })
		host, err := readSetting(wholeHost, key)
		if err != nil {
			return false, err
		}
		changed = append(changed, settingChange{Interface: name, Index: link.Attrs().Index, Key: key, Was: is, Now: want, Host: host})
		if err := s.save(changed); err != nil {
			return false, err
		}
		s.changed = changed
	}
	return repaired, writeSetting(name, key, want)
}

// Changed lists the interfaces on which Forward enabled forwarding.
func (s *Settings) Changed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.changed {
		if c.Key == "forwarding" {
			out = append(out, c.Interface)
		}
	}
	slices.Sort(out)
	return out
}

// Restore resets every setting to its previous value and deletes the record. It leaves a setting that
// another program changed since, or whose interface no longer exists.
func (s *Settings) Restore() error { return s.restoreWhere(func(settingChange) bool { return true }) }

// Release is Restore for all interfaces except those named. It is called when an association was
// removed.
func (s *Settings) Release(except ...string) error {
	return s.restoreWhere(func(c settingChange) bool { return !slices.Contains(except, c.Interface) })
}

func (s *Settings) restoreWhere(which func(settingChange) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []settingChange
	if _, err := s.follow(); err != nil {
		return err
	}
	var errs error
	for _, c := range s.changed {
		if !which(c) {
			kept = append(kept, c)
			continue
		}
		link, err := netlink.LinkByName(c.Interface)
		if err != nil || link.Attrs().Index != c.Index {
			continue
		}
		if is, err := readSetting(c.Interface, c.Key); err == nil && is != c.Now {
			s.log.Warn("a host setting was changed by another program and is not restored", "interface", c.Interface, "setting", c.Key, "value", is)
			continue
		}
		if err := writeSetting(c.Interface, c.Key, c.Was); err != nil {
			kept = append(kept, c)
			errs = errors.Join(errs, err)
		}
	}
	if len(kept) == len(s.changed) {
		return errs
	}
	s.changed = kept
	return errors.Join(errs, s.save(kept))
}

func (s *Settings) indexOf(name string, index int, key string) int {
	return slices.IndexFunc(s.changed, func(c settingChange) bool { return c.Interface == name && c.Index == index && c.Key == key })
}

// save replaces the record as a whole, so that after a crash it is either the old or the new one.
func (s *Settings) save(changed []settingChange) error {
	if len(changed) == 0 {
		if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return Unavailable(err, "The record of changed host settings %s cannot be removed.", s.path)
		}
		return nil
	}
	raw, err := json.Marshal(changed)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), ".settings-*") // mode 0600
	if err == nil {
		_, err = f.Write(raw)
		err = errors.Join(err, f.Sync(), f.Close())
		if err == nil {
			err = os.Rename(f.Name(), s.path)
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}
	if err != nil {
		return Unavailable(err, "The record of changed host settings %s cannot be written, so none is changed.", s.path)
	}
	return nil
}

func settingPath(name, key string) string {
	return fmt.Sprintf("/proc/sys/net/ipv4/conf/%s/%s", name, key)
}

func readSetting(name, key string) (string, error) {
	raw, err := os.ReadFile(settingPath(name, key))
	if err != nil {
		return "", Unavailable(err, "The setting %s of the network interface %s cannot be read.", key, name)
	}
	return strings.TrimSpace(string(raw)), nil
}

func writeSetting(name, key, value string) error {
	if err := os.WriteFile(settingPath(name, key), []byte(value), 0); err != nil {
		return Unavailable(err, "The setting %s of the network interface %s cannot be changed.", key, name)
	}
	return nil
}
