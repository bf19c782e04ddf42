// Package docs embeds the documentation: the console shows it as its help (ADR 20).
package docs

import "embed"

// Files are the Markdown pages of this directory.
//
//go:embed *.md
var Files embed.FS
