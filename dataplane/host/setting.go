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

// Settings changes settings of interfaces that are not ours and remembers what they were, in a
// file that a crash leaves behind and the next process reads. The file belongs into a directory
// that a restart of the host empties, as the settings themselves are forgotten then.
type Settings struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	changed []change
}

// change is one setting: what it was and what we made of it. The index tells an interface from
// a later one of the same name.
type change struct {
	Interface string `json:"interface"`
	Index     int    `json:"index"`
	Key       string `json:"key"`
	Was       string `json:"was"`
	Now       string `json:"now"`
}

// OpenSettings reads the record at path (mode 0600), or begins one.
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

// WouldForward gives those of the interfaces on which forwarding is off, or was before we
// switched it on. Their packets that are not ours must be dropped by a rule before Forward.
func (s *Settings) WouldForward(interfaces ...string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, name := range interfaces {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return nil, Unavailable(err, "The network interface %s is not there.", name)
		}
		value, err := read(name, "forwarding")
		if err != nil {
			return nil, err
		}
		if (value == "0" || s.find(name, link.Attrs().Index, "forwarding") >= 0) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Forward switches forwarding on for packets that come in on the interface; it stays where it
// is on already. Calling it again mends what somebody switched off, and then says so.
func (s *Settings) Forward(name string) (mended bool, err error) {
	return s.change(name, "forwarding", "1")
}

// LoosenReversePath lets packets come in on the interface although the way back to their sender
// leads elsewhere, which an association with a next hop of its own needs.
func (s *Settings) LoosenReversePath(name string) (mended bool, err error) {
	return s.change(name, "rp_filter", "2")
}

func (s *Settings) change(name, key, want string) (mended bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	link, err := netlink.LinkByName(name)
	if err != nil {
		return false, Unavailable(err, "The network interface %s is not there.", name)
	}
	is, err := read(name, key)
	if err != nil || is == want {
		return false, err
	}
	if s.find(name, link.Attrs().Index, key) >= 0 {
		mended = true
	} else {
		// The record first: a crash between the two restores what was never changed.
		changed := slices.DeleteFunc(slices.Clone(s.changed), func(c change) bool { return c.Interface == name && c.Key == key })
		changed = append(changed, change{Interface: name, Index: link.Attrs().Index, Key: key, Was: is, Now: want})
		if err := s.save(changed); err != nil {
			return false, err
		}
		s.changed = changed
	}
	return mended, write(name, key, want)
}

// Changed lists the interfaces on which we switched forwarding on.
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

// Restore puts every setting back and removes the record. A setting that somebody else changed
// since, or whose interface is gone, is left as it is.
func (s *Settings) Restore() error { return s.restore(func(change) bool { return true }) }

// Release puts the settings of all interfaces back except those named: what is done when an
// association has gone.
func (s *Settings) Release(except ...string) error {
	return s.restore(func(c change) bool { return !slices.Contains(except, c.Interface) })
}

func (s *Settings) restore(which func(change) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []change
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
		if is, err := read(c.Interface, c.Key); err == nil && is != c.Now {
			s.log.Warn("host setting was changed by somebody else and stays", "interface", c.Interface, "setting", c.Key, "value", is)
			continue
		}
		if err := write(c.Interface, c.Key, c.Was); err != nil {
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

func (s *Settings) find(name string, index int, key string) int {
	return slices.IndexFunc(s.changed, func(c change) bool { return c.Interface == name && c.Index == index && c.Key == key })
}

// save replaces the record whole, so that a crash leaves the old or the new one.
func (s *Settings) save(changed []change) error {
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

func read(name, key string) (string, error) {
	raw, err := os.ReadFile(settingPath(name, key))
	if err != nil {
		return "", Unavailable(err, "The setting %s of the network interface %s cannot be read.", key, name)
	}
	return strings.TrimSpace(string(raw)), nil
}

func write(name, key, value string) error {
	if err := os.WriteFile(settingPath(name, key), []byte(value), 0); err != nil {
		return Unavailable(err, "The setting %s of the network interface %s cannot be changed.", key, name)
	}
	return nil
}
