package parts

import (
	"strings"
	"testing"
)

// A code has the three finder patterns in its corners and the light border around.
func TestQR(t *testing.T) {
	t.Parallel()
	side, path := qrCode("otpauth://totp/corp:alice?secret=JBSWY3DPEHPK3PXP&issuer=corp")
	if side < 21+2*qrMargin || (side-2*qrMargin-21)%4 != 0 {
		t.Errorf("side %d", side)
	}
	for _, want := range []string{"M4 4h1", "M10 4h1", "M4 10h1"} {
		if !strings.Contains(path, want) {
			t.Errorf("no dark module at %s", want)
		}
	}
	if strings.Contains(path, "M3 ") || strings.Contains(path, " 3h1") {
		t.Error("the border is not light")
	}
	if side, _ := qrCode(strings.Repeat("x", 4000)); side != 0 {
		t.Error("a text that fits into no code has one")
	}
}
