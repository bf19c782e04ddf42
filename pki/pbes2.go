package pki

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // openssl wrote keys with it for many years; it is only read
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the default of the standard for the derivation of a key
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"hash"
)

// What can be wrong with something that a passphrase encrypts.
var (
	errPassphrase = errors.New("wrong passphrase")
	errEncryption = errors.New("damaged encryption")
	errScheme     = errors.New("encryption that is not supported")
)

var oidPBES2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}

var pbkdf2Hashes = map[string]func() hash.Hash{
	"":                    sha1.New,
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

type cbcCipher struct {
	keySize int
	open    func([]byte) (cipher.Block, error)
}

var cbcCiphers = map[string]cbcCipher{
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
}

// openPBES2 decrypts the content of an encrypted PKCS #8 key (RFC 8018, PBES2 with PBKDF2). The work that
// it takes must have been bounded before (derivationFault). The errors are errPassphrase, errEncryption and errScheme.
// A wrong passphrase is noticed by the padding alone, in most cases.
func openPBES2(algorithm pkix.AlgorithmIdentifier, sealed []byte, passphrase string) ([]byte, error) {
	if !algorithm.Algorithm.Equal(oidPBES2) {
		return nil, errScheme
	}
	var scheme struct{ Derivation, Encryption pkix.AlgorithmIdentifier }
	if _, err := asn1.Unmarshal(algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, errEncryption
	}
	var derivation struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	const oidPBKDF2 = "1.2.840.113549.1.5.12"
	if scheme.Derivation.Algorithm.String() != oidPBKDF2 {
		return nil, errScheme
	}
	var iv []byte
	_, errDerivation := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &derivation)
	_, errIV := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv)
	if errDerivation != nil || errIV != nil || derivation.Iterations < 1 {
		return nil, errEncryption
	}
	prf, knownHash := pbkdf2Hashes[derivation.Hash.Algorithm.String()]
	cbc, knownCipher := cbcCiphers[scheme.Encryption.Algorithm.String()]
	if !knownHash || !knownCipher || derivation.KeyLength != 0 && derivation.KeyLength != cbc.keySize {
		return nil, errScheme
	}
	key, err := pbkdf2.Key(prf, passphrase, derivation.Salt, derivation.Iterations, cbc.keySize)
	if err != nil {
		return nil, errScheme
	}
	b, err := cbc.open(key)
	if err != nil {
		return nil, errScheme
	}
	return openCBC(b, iv, sealed)
}

// openCBC decrypts in CBC mode and takes the padding away. The errors are errPassphrase and errEncryption.
func openCBC(b cipher.Block, iv, sealed []byte) ([]byte, error) {
	if size := b.BlockSize(); len(iv) != size || len(sealed) == 0 || len(sealed)%size != 0 {
		return nil, errEncryption
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(b, iv).CryptBlocks(plain, sealed)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > b.BlockSize() {
		return nil, errPassphrase
	}
	for _, p := range plain[len(plain)-padding:] {
		if int(p) != padding {
			return nil, errPassphrase
		}
	}
	return plain[:len(plain)-padding], nil
}
