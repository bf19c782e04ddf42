package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"sallyport/vpn"
)

const (
	envPrefix = "SALLYPORT_"
	// DefaultFile is read where it exists and no other file is named.
	DefaultFile = "/etc/sallyport/sallyport.conf"
)

// Load reads the settings: defaults, then the file (--config, SALLYPORT_CONFIG or DefaultFile),
// then SALLYPORT_ variables of environ, then --key value flags of args. It returns the arguments
// that are not flags. The error names every fault, each under the name that was used; without an error the Config is
// valid.
func Load(args, environ []string) (Config, []string, error) {
	flags, rest, err := parseFlags(args)
	if err != nil {
		return Config{}, nil, err
	}
	env := parseEnv(environ)
	path, named := configPath(flags, env)
	file, err := readFile(path, named)
	if err != nil {
		return Config{}, nil, err
	}

	l := loader{known: map[string]setting{}, values: map[string]string{}, cfg: Config{origin: map[string]string{}}}
	for _, s := range append(settings(), twins()...) {
		l.known[s.key] = s
		if s.preset != "" {
			_ = s.set(&l.cfg, s.preset) // a test checks that every preset can be read
		}
	}
	name, _ := os.Hostname()
	l.cfg.Node.Name = nodeName(name)
	l.apply(file)
	l.apply(withoutPath(env))
	l.apply(withoutPath(flags))
	if len(l.faults) > 0 {
		return Config{}, nil, errors.Join(l.faults...)
	}
	for key, given := range l.cfg.Given {
		given.Source = l.cfg.origin[key]
		l.cfg.Given[key] = given
	}
	l.cfg.Public.Name = l.cfg.Given["public_name"].Value
	for _, s := range startSettings() {
		shown := vpn.StartSetting{Key: s.key, Help: s.help, Value: cmp.Or(s.preset, s.shown), Source: l.cfg.origin[s.key], Secret: s.secret && l.cfg.origin[s.key] != ""}
		if value, given := l.values[s.key]; given {
			shown.Value = value
		}
		if shown.Secret {
			shown.Value = ""
		}
		l.cfg.Start = append(l.cfg.Start, shown)
	}
	if err := l.cfg.finish(); err != nil {
		return Config{}, nil, err
	}
	return l.cfg, rest, l.cfg.Validate()
}

// assignment is one key = value as written.
type assignment struct {
	key, value string
	origin     string // "SALLYPORT_DATA_DIR", "--data-dir", "data_dir (sallyport.conf, line 3)"
}

type loader struct {
	known  map[string]setting
	cfg    Config
	values map[string]string // what was given, by key
	faults []error
}

// apply sets the values of one source. A source that sets a secret in both ways is ambiguous; of two
// sources the later one wins, in either way.
func (l *loader) apply(source []assignment) {
	seen := map[string]string{}
	for _, a := range source {
		s, ok := l.known[a.key]
		if !ok {
			l.fault(a.origin, fmt.Errorf("there is no such setting%s", suggestion(a, l.known)))
			continue
		}
		target := strings.TrimSuffix(a.key, "_file")
		if !l.known[target].secret {
			target = a.key
		}
		if before, ok := seen[target]; ok {
			l.fault(a.origin, fmt.Errorf("this is set already, by %s", before))
			continue
		}
		seen[target] = a.origin
		if target == "seal_key" {
			l.cfg.Seal = Seal{}
		}
		if s.secret && strings.HasPrefix(a.origin, "-") && holdsSecret(a) {
			l.fault(a.origin, fmt.Errorf("everybody on this host can read a command line; set %s%s or --%s-file", envPrefix, strings.ToUpper(a.key), strings.ReplaceAll(a.key, "_", "-")))
			continue
		}
		if err := s.set(&l.cfg, a.value); err != nil {
			l.fault(a.origin, err)
		}
		l.cfg.origin[target], l.values[target] = a.origin, a.value
	}
}

// holdsSecret reports whether the value of a secret setting is secret: the path of a SQLite file, or an address without
// a password, is not.
func holdsSecret(a assignment) bool {
	if !isPostgres(a.value) {
		return a.key != "database"
	}
	u, err := url.Parse(a.value)
	if err != nil {
		return true
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password") || u.Query().Has("sslpassword")
}

func (l *loader) fault(origin string, err error) {
	l.faults = append(l.faults, fmt.Errorf("%s: %w", origin, err))
}

func parseFlags(args []string) (flags []assignment, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			return flags, append(rest, args[i+1:]...), nil
		case !strings.HasPrefix(name, "-") || name == "-":
			rest = append(rest, args[i])
			continue
		case !hasValue && i+1 == len(args):
			return nil, nil, fmt.Errorf("%s: a value must follow", name)
		case !hasValue:
			i++
			value = args[i]
		}
		key := strings.ReplaceAll(strings.TrimLeft(name, "-"), "-", "_")
		flags = append(flags, assignment{key, value, name})
	}
	return flags, rest, nil
}

func parseEnv(environ []string) []assignment {
	var out []assignment
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if key, ok := strings.CutPrefix(name, envPrefix); ok {
			out = append(out, assignment{strings.ToLower(key), value, name})
		}
	}
	return out
}

// configPath finds the path of the file. The file itself cannot set it.
func configPath(sources ...[]assignment) (path string, named bool) {
	for _, source := range sources {
		for i := range source {
			if source[i].key == "config" {
				return source[i].value, true
			}
		}
	}
	return DefaultFile, false
}

func withoutPath(source []assignment) []assignment {
	return slices.DeleteFunc(source, func(a assignment) bool { return a.key == "config" })
}

// readFile reads "key = value" lines; # starts a comment line. Every setting is one line
// of text, so there is no need for a format with types and nesting.
func readFile(path string, named bool) ([]assignment, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	var out []assignment
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s, line %d: this is not of the form key = value", path, i+1)
		}
		key = strings.TrimSpace(key)
		out = append(out, assignment{key, unquote(strings.TrimSpace(value)), fmt.Sprintf("%s (%s, line %d)", key, path, i+1)})
	}
	return out, nil
}

func unquote(v string) string {
	if n := len(v); n >= 2 && v[0] == '"' && v[n-1] == '"' {
		return v[1 : n-1]
	}
	return v
}

// nodeName is the name of the node where none is set: the host's, in which "-" stands for what no host name
// has ("_", "(none)").
func nodeName(host string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, host), "-.")
	if !isHost(name) {
		return "node"
	}
	return name
}
