package vpn

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Installer is what the administrators offer to the users of a platform: the file of a program, or a link to it.
type Installer struct {
	Platform Platform
	Program  ClientProgramID
	Link     string // https; empty: it is a file
	FileName string // of a file
	File     string // where its bytes are stored
	Size     int64  // of a file, in bytes
	SHA256   string // in hex; empty: a link without one
	At       time.Time
	By       string // the administrator
}

// Name is the program.
func (i Installer) Name() string {
	for _, p := range ClientPrograms(i.Platform) {
		if p.ID == i.Program {
			return p.Name
		}
	}
	return string(i.Program)
}

// MaxInstallerMegabytes bounds the limit that the settings have.
const MaxInstallerMegabytes = 2048

const (
	maxInstallerLink = 2000
	maxInstallerName = 120
)

// checkProgram checks the platform and the program of an installer. Field: program.
func checkProgram(c *Check, p Platform, id ClientProgramID) {
	if !slices.ContainsFunc(ClientPrograms(p), func(known ClientProgram) bool { return known.ID == id }) {
		c.Bad("program", "Choose the program, so that users see the steps for it.")
	}
}

// NewInstallerFile begins an installer whose file is uploaded. Fields: program, file.
func NewInstallerFile(p Platform, program ClientProgramID, name string, now time.Time, by string) (Installer, error) {
	var c Check
	checkProgram(&c, p, program)
	if name == "" {
		c.Bad("file", "Choose a file.")
	}
	return Installer{Platform: p, Program: program, FileName: installerName(name), At: now, By: by}, c.Err()
}

// installerName is the name of an uploaded file, as browsers may save it on any system.
func installerName(typed string) string {
	name := path.Base(strings.ReplaceAll(typed, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`/\:*?"<>|%`, r) {
			return '_'
		}
		return r
	}, name)
	if len(name) > maxInstallerName {
		name = name[len(name)-maxInstallerName:] // its end says what kind of file it is
	}
	name = strings.TrimLeft(name, ". ")
	if name == "" {
		return "installer"
	}
	return name
}

// NewInstallerLink is an installer at another place. Fields: program, link, checksum.
func NewInstallerLink(p Platform, program ClientProgramID, link, checksum string, now time.Time, by string) (Installer, error) {
	var c Check
	checkProgram(&c, p, program)
	link, checksum = strings.TrimSpace(link), strings.ToLower(strings.TrimSpace(checksum))
	u, err := url.Parse(link)
	switch {
	case link == "":
		c.Bad("link", "Enter the address of the file or of its page.")
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || !utf8.ValidString(link) || !isPrintable(link):
		c.Bad("link", "Enter an address that begins with https://, without a user name.")
	case len(link) > maxInstallerLink:
		c.Bad("link", fmt.Sprintf("The address has %d characters; at most %d are possible.", len(link), maxInstallerLink))
	}
	if checksum != "" && (len(checksum) != 64 || strings.Trim(checksum, "0123456789abcdef") != "") {
		c.Bad("checksum", "A SHA-256 checksum has 64 digits from 0 to 9 and a to f.")
	}
	return Installer{Platform: p, Program: program, Link: link, SHA256: checksum, At: now, By: by}, c.Err()
}
