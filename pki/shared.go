package pki

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"sallyport/vpn"
)

// StaticKey creates a 2048-bit "OpenVPN Static key V1", as `openvpn --genkey secret` does: the key of tls-crypt, shared
// by an endpoint and its clients.
func (Maker) StaticKey() vpn.Secret {
	var raw [256]byte
	_, _ = rand.Read(raw[:])
	return armour("OpenVPN Static key V1", hex.EncodeToString(raw[:]), 32)
}

// TokenSecret creates the key of auth-gen-token-secret, as `openvpn --genkey auth-token` does.
// All nodes of an endpoint share it; changing it ends silent reconnects.
func (Maker) TokenSecret() vpn.Secret {
	var raw [128]byte
	_, _ = rand.Read(raw[:])
	return armour("OpenVPN auth-token server key", base64.StdEncoding.EncodeToString(raw[:]), 64)
}

func armour(name, body string, width int) vpn.Secret {
	var b strings.Builder
	b.WriteString("-----BEGIN " + name + "-----\n")
	for len(body) > 0 {
		n := min(width, len(body))
		b.WriteString(body[:n] + "\n")
		body = body[n:]
	}
	b.WriteString("-----END " + name + "-----\n")
	return vpn.Secret(b.String())
}
