package pki

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// place is where something stands in PEM text: the number of its block and the line of its BEGIN
// line, both from 1. The zero place is that of what stands in no block.
type place struct{ block, line int }

// says puts the place before a sentence.
func (p place) says(sentence string) string {
	if p == (place{}) || sentence == "" {
		return sentence
	}
	return fmt.Sprintf("Block %d, line %d: %s", p.block, p.line, sentence)
}

// block is a PEM block with its place.
type block struct {
	*pem.Block
	place
}

// placed is a certificate with its place in what was given.
type placed struct {
	*x509.Certificate
	place
}

func bare(certs []placed) []*x509.Certificate {
	out := make([]*x509.Certificate, len(certs))
	for i, c := range certs {
		out[i] = c.Certificate
	}
	return out
}
