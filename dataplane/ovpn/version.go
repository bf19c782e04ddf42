package ovpn

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sallyport/vpn"
)

// The oldest releases with the fixes of 2026 to external authentication and tokens, which every login
// needs.
const (
	oldestUpstream = "2.6.23"
	oldestDebian   = "2.6.14-0+deb12u2"
)

// Release is the version of an OpenVPN binary.
type Release struct {
	Upstream string // such as "2.6.14"
	Package  string // Debian's version with its revision; empty where the binary belongs to no package
}

// String returns Package, or Upstream where that is empty.
func (r Release) String() string {
	if r.Package != "" {
		return r.Package
	}
	return r.Upstream
}

var versionLine = regexp.MustCompile(`^OpenVPN (\d+\.\d+(?:\.\d+)?)`)

// Version runs a binary to find its release. The error is a *vpn.Error where it cannot be run or is not
// OpenVPN.
func Version(ctx context.Context, binary string) (Release, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	path, err := exec.LookPath(binary)
	if err != nil {
		return Release{}, vpn.Refuse(vpn.Unavailable, vpn.CodeOpenVPNMissing, fmt.Sprintf("There is no OpenVPN at %s; install the package openvpn.", binary)).Because(err)
	}
	// Some releases exit with status 1 after `--version`, so only the text counts.
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Release{}, vpn.Refuse(vpn.Unavailable, vpn.CodeOpenVPNUnusable, fmt.Sprintf("%s does not say which OpenVPN it is.", path)).Because(err)
	}
	return Release{Upstream: string(m[1]), Package: readPackageVersion(ctx, path)}, nil
}

// readPackageVersion asks Debian's package database for the version of the file's package. It is empty
// on a system without that database.
func readPackageVersion(ctx context.Context, path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	owner, err := exec.CommandContext(ctx, "dpkg-query", "--search", path).Output()
	if err != nil || !strings.HasPrefix(string(owner), "openvpn:") {
		return ""
	}
	v, err := exec.CommandContext(ctx, "dpkg-query", "--show", "--showformat=${Version}", "openvpn").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(v))
}

// Check returns a *vpn.Error for a release without the fixes that logins need. Debian keeps upstream's
// number and adds fixes under its own revision, so there the revision decides.
func (r Release) Check() error {
	if compareVersions(r.Upstream, oldestUpstream) >= 0 {
		return nil
	}
	// Only a revision of the security archive ("+deb12u2") has these fixes: trixie's plain 2.6.14-1
	// sorts above bookworm's fixed one and has none.
	if strings.Contains(r.Package, "+deb") && compareVersions(r.Package, oldestDebian) >= 0 {
		return nil
	}
	return vpn.Refuse(vpn.Unavailable, vpn.CodeOpenVPNTooOld, fmt.Sprintf(
		"OpenVPN %s is too old to be safe here: it needs %s, or Debian's %s. Upgrade the package openvpn.", r, oldestUpstream, oldestDebian))
}

var versionParts = regexp.MustCompile(`\d+|[^\d]+`)

// compareVersions orders version strings part by part, digits as numbers. That is Debian's
// order for the strings that OpenVPN's packages have; a tilde sorts below the end.
func compareVersions(a, b string) int {
	x, y := versionParts.FindAllString(a, -1), versionParts.FindAllString(b, -1)
	for i := range max(len(x), len(y)) {
		var p, q string
		if i < len(x) {
			p = x[i]
		}
		if i < len(y) {
			q = y[i]
		}
		if c := comparePart(p, q); c != 0 {
			return c
		}
	}
	return 0
}

func comparePart(p, q string) int {
	if strings.HasPrefix(p, "~") != strings.HasPrefix(q, "~") {
		if strings.HasPrefix(p, "~") {
			return -1
		}
		return 1
	}
	m, errP := strconv.Atoi(p)
	n, errQ := strconv.Atoi(q)
	if errP == nil && errQ == nil {
		return m - n
	}
	return strings.Compare(p, q)
}
