package help

import "strings"

// about are the pages of the help about those of the console, by the first parts of their path; * is any part. The
// longest one that fits counts.
var about = map[string]string{
	"/":                          "getting-started",
	"/getting-started":           "getting-started",
	"/quick-start":               "getting-started",
	"/endpoints":                 "endpoints",
	"/endpoints/*/associations":  "target-networks",
	"/endpoints/*/rules":         "authorization-rules",
	"/endpoints/*/test-access":   "test-access",
	"/endpoints/*/routes":        "routes",
	"/endpoints/*/connections":   "connections",
	"/endpoints/*/configuration": "client-configuration",
	"/connections":               "connections",
	"/networks":                  "networks",
	"/users":                     "users",
	"/identity-providers":        "identity-providers",
	"/identity-providers/saml":   "saml",
	"/self-service-portal":       "portal",
	"/certificates":              "certificates",
	"/administrators":            "administrators",
	"/account":                   "administrators",
	"/node":                      "host",
	"/settings":                  "settings",
}

// About is the URL of the page of the help about the page of the console at a path; of the help itself there is none.
func About(path string) string {
	best, length := "", -1
	for pattern, name := range about {
		if n := strings.Count(pattern, "/"); n > length && begins(path, pattern) {
			best, length = name, n
		}
	}
	if path == Path || strings.HasPrefix(path, Path+"/") {
		return ""
	}
	if best == "" {
		return Path
	}
	return Path + "/" + best
}

// begins tells whether the first parts of a path are those of a pattern.
func begins(path, pattern string) bool {
	if pattern == "/" {
		return path == "/"
	}
	have, want := strings.Split(path, "/"), strings.Split(pattern, "/")
	if len(have) < len(want) {
		return false
	}
	for i, part := range want {
		if part != "*" && part != have[i] {
			return false
		}
	}
	return true
}
