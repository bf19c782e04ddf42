package main

import (
	"slices"
	"strings"
)

// Of root's environment the web process is given what it reads and nothing else: it is the process
// that strangers talk to, and an administrator's shell has tokens of other things in it.
var (
	environmentNames    = []string{"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOCALDOMAIN", "RES_OPTIONS"}
	environmentPrefixes = []string{"SALLYPORT_", "LC_", "GO", "PG"} // ours, the language, Go's runtime, PostgreSQL's client
)

// strangersEnvironment is the environment for a process that runs as another user.
func strangersEnvironment(environ []string) []string {
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
