package lab

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"time"
)

// The first bytes of OpenVPN's control packets: opcode and key number 0.
const (
	firstPacket   = 7 << 3 // P_CONTROL_HARD_RESET_CLIENT_V2
	firstReply    = 8 << 3 // P_CONTROL_HARD_RESET_SERVER_V2
	controlPacket = 4 << 3 // P_CONTROL_V1
)

// handshake makes the first packets of a client that has an endpoint's tls-crypt key.
type handshake struct {
	encrypt, sign []byte
	session       [8]byte
	packets       uint32
}

// newHandshake reads the key from a client's configuration file.
func newHandshake(profile string) *handshake {
	_, key, _ := strings.Cut(profile, "-----BEGIN OpenVPN Static key V1-----")
	key, _, _ = strings.Cut(key, "-----END")
	raw, err := hex.DecodeString(strings.Join(strings.Fields(key), ""))
	if err != nil || len(raw) != 256 {
		panic("the file has no tls-crypt key")
	}
	// The second half is what clients send with: 64 bytes for the cipher, 64 for the signature.
	h := &handshake{encrypt: raw[128:160], sign: raw[192:224]}
	return h.another()
}

// another is a handshake with the same key.
func (h *handshake) another() *handshake {
	other := &handshake{encrypt: h.encrypt, sign: h.sign}
	_, _ = rand.Read(other.session[:])
	return other
}

// first is the packet that asks for a session.
func (h *handshake) first() []byte { return h.wrap(firstPacket, []byte{0, 0, 0, 0, 0}) }

// hello acknowledges the server's first packet and begins TLS.
func (h *handshake) hello(server []byte) []byte {
	body := append([]byte{1, 0, 0, 0, 0}, server...) // the packet with number 0 of this session is acknowledged
	body = append(body, 0, 0, 0, 1)
	return h.wrap(controlPacket, append(body, clientHello...))
}

// wrap encrypts a packet as tls-crypt does: the signature is over header and plain text, and its first
// half is the initialization vector.
func (h *handshake) wrap(opcode byte, plain []byte) []byte {
	h.packets++
	header := append([]byte{opcode}, h.session[:]...)
	header = binary.BigEndian.AppendUint32(header, h.packets)
	header = binary.BigEndian.AppendUint32(header, uint32(time.Now().Unix()))
	mac := hmac.New(sha256.New, h.sign)
	mac.Write(header)
	mac.Write(plain)
	tag := mac.Sum(nil)
	block, err := aes.NewCipher(h.encrypt)
	if err != nil {
		panic(err) // cannot happen: the key has 32 bytes
	}
	sealed := make([]byte, len(plain))
	cipher.NewCTR(block, tag[:aes.BlockSize]).XORKeyStream(sealed, plain)
	return append(append(header, tag...), sealed...)
}

// clientHello is the first TLS record of a client.
var clientHello = func() []byte {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		_ = tls.Client(theirs, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}).Handshake()
	}()
	record := make([]byte, 4096)
	n, _ := ours.Read(record)
	return record[:n]
}()
