package pki

import (
	"crypto/cipher"
	"crypto/des"  //nolint:gosec // many programs write PKCS #12 files with it; they are only read
	"crypto/sha1" //nolint:gosec // the hash of the standard for these files
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"unicode/utf16"
)

// A PKCS #12 file says how many rounds the derivation of a key takes beside what it encrypts, and an encrypted part can hold further keys that
// are encrypted again. The library opens these without a limit of its own. hiddenFault therefore opens the encrypted parts
// first, and looks at what they ask for.

// Parts of a PKCS #12 file as go-pkcs12 reads them, so that both see the same.
type (
	pfxContent struct {
		Kind    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	pfxFile struct {
		Version int
		Safe    pfxContent
		Mac     asn1.RawValue `asn1:"optional"`
	}
	pfxEncrypted struct {
		Version int
		Info    struct {
			Kind      asn1.ObjectIdentifier
			Algorithm pkix.AlgorithmIdentifier
			Content   []byte `asn1:"tag:0,optional"`
		}
	}
)

var oidEncryptedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}

// hiddenFault refuses a PKCS #12 file whose encrypted parts ask for too much work inside. The work of opening the parts themselves must have been
// bounded before (derivationFault). The errors are errPassphrase, errEncryption and errScheme: what is not seen is not opened.
func hiddenFault(der []byte, passphrase string) (fault string, err error) {
	var file pfxFile
	var safe []byte
	var parts []pfxContent
	if _, err := asn1.Unmarshal(der, &file); err != nil {
		return "", errEncryption
	}
	if _, err := asn1.Unmarshal(file.Safe.Content.Bytes, &safe); err != nil {
		return "", errEncryption
	}
	if _, err := asn1.Unmarshal(safe, &parts); err != nil {
		return "", errEncryption
	}
	for _, p := range parts {
		if !p.Kind.Equal(oidEncryptedData) {
			continue
		}
		var sealed pfxEncrypted
		if _, err := asn1.Unmarshal(p.Content.Bytes, &sealed); err != nil {
			return "", errEncryption
		}
		opened := false
		for _, key := range pkcs12Passwords(passphrase) {
			plain, openErr := openPart(sealed.Info.Algorithm, sealed.Info.Content, passphrase, key)
			if openErr != nil {
				err = openErr
				continue
			}
			opened = true
			if fault := derivationFault(plain); fault != "" {
				return fault, nil
			}
		}
		if !opened {
			return "", err
		}
	}
	return "", nil
}

// pkcs12Passwords are the encodings of a passphrase that a file may be encrypted with: UTF-16 with a closing zero and, of the empty one, nothing
// at all, which the library tries as well.
func pkcs12Passwords(passphrase string) [][]byte {
	var key []byte
	for _, u := range utf16.Encode([]rune(passphrase)) {
		key = append(key, byte(u>>8), byte(u))
	}
	keys := [][]byte{append(key, 0, 0)}
	if passphrase == "" {
		keys = append(keys, nil)
	}
	return keys
}

// pkcs12Scheme is a way of encryption of PKCS #12 itself (RFC 7292, appendix C).
type pkcs12Scheme struct {
	keySize int
	open    func(key []byte) (cipher.Block, error)
}

var pkcs12Schemes = map[string]pkcs12Scheme{
	"1.2.840.113549.1.12.1.3": {24, des.NewTripleDESCipher},
	"1.2.840.113549.1.12.1.5": {16, newRC2},
	"1.2.840.113549.1.12.1.6": {5, newRC2},
}

// openPart decrypts an encrypted part of a PKCS #12 file. key is the passphrase in the encoding of PKCS #12.
func openPart(algorithm pkix.AlgorithmIdentifier, sealed []byte, passphrase string, key []byte) ([]byte, error) {
	if algorithm.Algorithm.Equal(oidPBES2) {
		return openPBES2(algorithm, sealed, passphrase)
	}
	scheme, known := pkcs12Schemes[algorithm.Algorithm.String()]
	if !known {
		return nil, errScheme
	}
	var derivation struct {
		Salt       []byte
		Iterations int
	}
	if _, err := asn1.Unmarshal(algorithm.Parameters.FullBytes, &derivation); err != nil || derivation.Iterations < 1 {
		return nil, errEncryption
	}
	const forKey, forIV = 1, 2
	b, err := scheme.open(derivePKCS12(key, derivation.Salt, forKey, derivation.Iterations, scheme.keySize))
	if err != nil {
		return nil, errScheme
	}
	return openCBC(b, derivePKCS12(key, derivation.Salt, forIV, derivation.Iterations, b.BlockSize()), sealed)
}

// derivePKCS12 derives size bytes from a password (RFC 7292, appendix B.2) with SHA-1.
func derivePKCS12(password, salt []byte, purpose byte, iterations, size int) []byte {
	const block = 64 // of SHA-1
	fill := func(b []byte) []byte {
		out := make([]byte, (len(b)+block-1)/block*block)
		for i := range out {
			out[i] = b[i%len(b)]
		}
		return out
	}
	var in []byte
	if len(salt) > 0 {
		in = append(in, fill(salt)...)
	}
	if len(password) > 0 {
		in = append(in, fill(password)...)
	}
	diversifier := make([]byte, block)
	for i := range diversifier {
		diversifier[i] = purpose
	}
	var out []byte
	one, modulus := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), block*8)
	for {
		sum := sha1.Sum(append(diversifier[:block:block], in...)) //nolint:gosec // see above
		for range iterations - 1 {
			sum = sha1.Sum(sum[:]) //nolint:gosec // see above
		}
		if out = append(out, sum[:]...); len(out) >= size {
			return out[:size]
		}
		step := new(big.Int).SetBytes(fill(sum[:])[:block])
		step.Add(step, one)
		for at := 0; at < len(in); at += block {
			n := new(big.Int).SetBytes(in[at : at+block])
			n.Add(n, step).Mod(n, modulus)
			n.FillBytes(in[at : at+block])
		}
	}
}
