package parts

import (
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrMargin is the light border that readers need, in modules (ISO/IEC 18004).
const qrMargin = 4

// qrCode is a QR code as an SVG path: its side in modules and the dark ones. A text that is too long for a code has none.
func qrCode(text string) (side int, path string) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return 0, ""
	}
	bounds := code.Bounds()
	var b strings.Builder
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				b.WriteString("M" + strconv.Itoa(x+qrMargin) + " " + strconv.Itoa(y+qrMargin) + "h1v1h-1z")
			}
		}
	}
	return bounds.Dx() + 2*qrMargin, b.String()
}

func qrBox(side int) string { return "0 0 " + strconv.Itoa(side) + " " + strconv.Itoa(side) }
