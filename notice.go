package main

import (
	"bytes"
	"io"
	"strings"
)

// startNotice is what an administrator reads after the start: fingerprints and the set-up link. It is collected and written
// once, in a frame and below the lines of the log that the start has written.
type startNotice struct{ bytes.Buffer }

// noticeFrame is above and below the notice. It has no sides: a link is longer than a line of most terminals.
var noticeFrame = strings.Repeat("─", 72)

// writeTo writes the notice in one piece. Without any text it writes nothing.
func (n *startNotice) writeTo(w io.Writer) error {
	text := strings.TrimSpace(n.String())
	if text == "" {
		return nil
	}
	_, err := io.WriteString(w, "\n"+noticeFrame+"\n\n"+text+"\n\n"+noticeFrame+"\n\n")
	return err
}
