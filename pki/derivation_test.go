package pki

import (
	"encoding/asn1"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A salt that only looks like an OCTET STRING to go-pkcs12 does not hide the number of iterations.
func TestIterationsBehindAnySalt(t *testing.T) {
	t.Parallel()
	for _, tag := range []cryptobyte_asn1.Tag{cryptobyte_asn1.OCTET_STRING, cryptobyte_asn1.Tag(4).ContextSpecific(), 0x44, 0xc4} {
		var b cryptobyte.Builder
		sequence := func(b *cryptobyte.Builder, f func(b *cryptobyte.Builder)) { b.AddASN1(cryptobyte_asn1.SEQUENCE, f) }
		object := func(b *cryptobyte.Builder, last ...int) {
			b.AddASN1ObjectIdentifier(append(asn1.ObjectIdentifier{1, 2, 840, 113549}, last...))
		}
		sequence(&b, func(b *cryptobyte.Builder) { // PFX with PBMAC1, whose key is derived first
			b.AddASN1Int64(3)
			sequence(b, func(b *cryptobyte.Builder) {
				object(b, 1, 7, 1)
				b.AddASN1(cryptobyte_asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte{0x30, 0}) })
			})
			sequence(b, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) {
						object(b, 1, 5, 14)
						sequence(b, func(b *cryptobyte.Builder) {
							sequence(b, func(b *cryptobyte.Builder) {
								object(b, 1, 5, 12)
								sequence(b, func(b *cryptobyte.Builder) {
									b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte("salt")) })
									b.AddASN1Int64(1 << 60)
								})
							})
							sequence(b, func(b *cryptobyte.Builder) { object(b, 2, 9) })
						})
					})
					b.AddASN1OctetString(make([]byte, 32))
				})
				b.AddASN1OctetString([]byte("salt"))
			})
		})
		if fault := derivationFault(b.BytesOrPanic()); !strings.Contains(fault, "rounds") {
			t.Errorf("salt with tag %#x: %q", uint8(tag), fault)
		}
	}
}
