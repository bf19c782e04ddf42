package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"strings"

	"sallyport/vpn"
)

// The sentences about passphrases. They stand beside the box of the passphrase.
const (
	askPassphrase   = "The private key is encrypted with a passphrase. Enter it here; it is used once and not stored."
	wrongPassphrase = "The passphrase does not open the private key. Check capital letters and the keyboard layout."
)

// encryptedKey reports whether a block is a private key that a passphrase encrypts.
func encryptedKey(b *pem.Block) bool {
	return b.Type == labelEncryptedKey || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED") || labelOf(b.Bytes) == labelEncryptedKey
}

// openKey decrypts the block of a private key. The fault is a sentence for the box that field names.
func openKey(b *pem.Block, passphrase vpn.Secret) (plain *pem.Block, field, fault string) {
	if passphrase == "" {
		return nil, fieldPassphrase, askPassphrase
	}
	if fault := derivationFault(b.Bytes); fault != "" {
		return nil, fieldKey, fault
	}
	der, err := decryptKey(b, passphrase.Reveal())
	switch {
	case err == nil:
		return &pem.Block{Type: strings.TrimPrefix(b.Type, "ENCRYPTED "), Bytes: der}, "", ""
	case errors.Is(err, errPassphrase):
		return nil, fieldPassphrase, wrongPassphrase
	case errors.Is(err, errScheme):
		return nil, fieldKey, "The private key is encrypted in a way that is not supported. Encrypt it again: openssl pkcs8 -topk8 -in key.pem -out new.pem."
	}
	return nil, fieldKey, "The private key is damaged: its PEM lines are intact but its encryption is not."
}

func decryptKey(b *pem.Block, passphrase string) ([]byte, error) {
	if b.Headers["Proc-Type"] != "" {
		return decryptOldKey(b, passphrase)
	}
	var sealed struct {
		Algorithm pkix.AlgorithmIdentifier
		Content   []byte
	}
	if _, err := asn1.Unmarshal(firstElement(b.Bytes), &sealed); err != nil {
		return nil, errEncryption
	}
	der, err := openPBES2(sealed.Algorithm, sealed.Content, passphrase)
	if err == nil && labelOf(der) != "PRIVATE KEY" { // a wrong passphrase leaves a right padding once in 256 times
		err = errPassphrase
	}
	return der, err
}

// decryptOldKey decrypts what OpenSSL writes with the header "Proc-Type: 4,ENCRYPTED".
func decryptOldKey(b *pem.Block, passphrase string) ([]byte, error) {
	if !x509.IsEncryptedPEMBlock(b) { //nolint:staticcheck // people have such keys; they are stored sealed by other means
		return nil, errEncryption
	}
	der, err := x509.DecryptPEMBlock(b, []byte(passphrase)) //nolint:staticcheck // as above
	switch {
	case errors.Is(err, x509.IncorrectPasswordError), err == nil && !strings.HasSuffix(labelOf(der), keySuffix):
		return nil, errPassphrase
	case err != nil && strings.Contains(err.Error(), "unknown encryption"):
		return nil, errScheme
	case err != nil:
		return nil, errEncryption
	}
	return der, nil
}
