package config

import (
	"fmt"
	"strings"
)

// Help is the output of `sallyport help config`: every setting with its default.
func Help() string {
	var b strings.Builder
	b.WriteString(`Settings come, in rising order of weight, from their defaults, from a file
(--config FILE, SALLYPORT_CONFIG, else ` + DefaultFile + `), from the
environment and from the command line. For data_dir these are, for example,

  data_dir = /srv/sallyport               a line of the file; # starts a comment
  SALLYPORT_DATA_DIR=/srv/sallyport       a variable
  sallyport serve --data-dir=/srv/sallyport

`)
	byTwin := map[string]setting{}
	for _, t := range twins() {
		byTwin[t.key] = t
	}
	for _, s := range settings() {
		writeSetting(&b, s)
		if t, ok := byTwin[s.key+"_file"]; ok {
			writeSetting(&b, t)
		}
	}
	return b.String()
}

func writeSetting(b *strings.Builder, s setting) {
	shown := s.preset
	if shown == "" {
		shown = s.shown
	}
	if shown == "" {
		shown = "not set"
	}
	fmt.Fprintf(b, "%s (default: %s)\n", s.key, shown)
	for _, line := range wrap(s.help, 72) {
		b.WriteString("    " + line + "\n")
	}
}

func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
