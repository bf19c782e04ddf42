package vpn

import (
	"crypto/x509"
	"encoding/pem"
	"time"
)

// ChainCertificateFacts are what is told of a certificate in a chain.
type ChainCertificateFacts struct {
	Name     string
	NotAfter time.Time
}

// ChainOf reads what a certificate is kept with: the authorities above it, up to the root. Those that crypto/x509 does not read are
// left out.
func ChainOf(chain string) []ChainCertificateFacts {
	var out []ChainCertificateFacts
	for rest := []byte(chain); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		name := c.Subject.CommonName
		if name == "" {
			name = c.Subject.String()
		}
		out = append(out, ChainCertificateFacts{PrintableText(name), c.NotAfter.UTC()})
	}
}
