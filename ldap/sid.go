package ldap

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// decodeSID writes a security identifier as text, S-1-5-21-…: a revision, the number of sub-authorities, the authority
// in six bytes big-endian and each sub-authority in four bytes little-endian (MS-DTYP 2.4.2).
func decodeSID(b []byte) (string, error) {
	const head, most = 8, 15
	if len(b) < head || b[0] != 1 || b[1] > most || len(b) != head+4*int(b[1]) {
		return "", fmt.Errorf("%d bytes are no security identifier", len(b))
	}
	authority := uint64(binary.BigEndian.Uint16(b[2:4]))<<32 | uint64(binary.BigEndian.Uint32(b[4:8]))
	var s strings.Builder
	s.WriteString("S-1-" + strconv.FormatUint(authority, 10))
	for at := head; at < len(b); at += 4 {
		s.WriteString("-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[at:])), 10))
	}
	return s.String(), nil
}
