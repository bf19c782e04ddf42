package pki

import (
	"crypto/cipher"
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sallyport/vpn"
)

// The examples of RFC 2268, section 5, whose keys have no other number of effective bits than their own.
func TestRC2(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
		{"88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"},
	} {
		key, _ := hex.DecodeString(c[0])
		plain, _ := hex.DecodeString(c[1])
		b, err := newRC2(key)
		if err != nil {
			t.Fatal(err)
		}
		got, back := make([]byte, 8), make([]byte, 8)
		if b.Encrypt(got, plain); hex.EncodeToString(got) != c[2] {
			t.Errorf("key %s: %x, want %s", c[0], got, c[2])
		}
		if b.Decrypt(back, got); hex.EncodeToString(back) != c[1] {
			t.Errorf("key %s: %x decrypted, want %s", c[0], back, c[1])
		}
	}
}

// hidingFile is a PKCS #12 file without MAC whose encrypted part, encrypted with a password in the encoding of PKCS #12, holds a key that is
// encrypted once more, with that many rounds.
func hidingFile(t *testing.T, password []byte, scheme string, rounds int64) []byte {
	t.Helper()
	sequence := func(b *cryptobyte.Builder, f func(b *cryptobyte.Builder)) { b.AddASN1(cryptobyte_asn1.SEQUENCE, f) }
	explicit := func(b *cryptobyte.Builder, f func(b *cryptobyte.Builder)) {
		b.AddASN1(cryptobyte_asn1.Tag(0).ContextSpecific().Constructed(), f)
	}
	object := func(b *cryptobyte.Builder, last ...int) {
		b.AddASN1ObjectIdentifier(append(asn1.ObjectIdentifier{1, 2, 840, 113549}, last...))
	}
	last := map[string]int{"1.2.840.113549.1.12.1.3": 3, "1.2.840.113549.1.12.1.5": 5, "1.2.840.113549.1.12.1.6": 6}[scheme]
	algorithm := func(b *cryptobyte.Builder, rounds int64) {
		sequence(b, func(b *cryptobyte.Builder) {
			object(b, 1, 12, 1, last)
			sequence(b, func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte("saltsalt")); b.AddASN1Int64(rounds) })
		})
	}
	var bags cryptobyte.Builder
	sequence(&bags, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			object(b, 1, 12, 10, 1, 2) // a key that is encrypted by itself
			explicit(b, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) { algorithm(b, rounds); b.AddASN1OctetString(make([]byte, 64)) })
			})
		})
	})
	plain := bags.BytesOrPanic()
	for n := rc2Block - len(plain)%rc2Block; len(plain)%rc2Block != 0 || plain[len(plain)-1] != byte(n); {
		plain = append(plain, byte(n))
	}
	s := pkcs12Schemes[scheme]
	block, err := s.open(derivePKCS12(password, []byte("saltsalt"), 1, 1, s.keySize))
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, derivePKCS12(password, []byte("saltsalt"), 2, 1, rc2Block)).CryptBlocks(plain, plain)
	var file cryptobyte.Builder
	sequence(&file, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		sequence(b, func(b *cryptobyte.Builder) {
			object(b, 1, 7, 1)
			explicit(b, func(b *cryptobyte.Builder) {
				b.AddASN1(cryptobyte_asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) {
						sequence(b, func(b *cryptobyte.Builder) {
							object(b, 1, 7, 6)
							explicit(b, func(b *cryptobyte.Builder) {
								sequence(b, func(b *cryptobyte.Builder) {
									b.AddASN1Int64(0)
									sequence(b, func(b *cryptobyte.Builder) {
										object(b, 1, 7, 1)
										algorithm(b, 1)
										b.AddASN1(cryptobyte_asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(plain) })
									})
								})
							})
						})
					})
				})
			})
		})
	})
	return file.BytesOrPanic()
}

// A number of rounds that stands inside the encrypted part of a file is found before the library works through it, whatever the part is
// encrypted with, and the next file is opened at once.
func TestRoundsInsideEncryptedPart(t *testing.T) {
	t.Parallel()
	for scheme := range pkcs12Schemes {
		for name, password := range map[string][]byte{"closing zero": {0, 0}, "nothing": nil} {
			field, fault := "", ""
			began := time.Now()
			_, field, fault = readPKCS12(hidingFile(t, password, scheme, 1<<31-1), "")
			if field != fieldCertificate || !strings.Contains(fault, "rounds to try the passphrase") {
				t.Errorf("%s, %s: %s: %q after %v", scheme, name, field, fault, time.Since(began))
			}
		}
	}
	if fault, err := hiddenFault(hidingFile(t, []byte{0, 0}, "1.2.840.113549.1.12.1.6", 2048), ""); fault != "" || err != nil {
		t.Errorf("a usual number of rounds: %q, %v", fault, err)
	}
	file := hidingFile(t, []byte{0, 'x', 0, 0}, "1.2.840.113549.1.12.1.3", 1<<31-1)
	if _, field, fault := readPKCS12(file, vpn.Secret("y")); field != fieldPassphrase {
		t.Errorf("another passphrase: %s: %q", field, fault)
	}
}
