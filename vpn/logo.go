package vpn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // a format of logos
	"image/png"
)

// Logo is a picture of ours, made of one that an administrator uploaded: nothing of the file itself is served.
type Logo struct {
	LogoRef
	PNG []byte
}

// The bounds of a logo. The first page of the portal has to stay small.
const (
	MaxLogoFile = 512 << 10 // bytes of the upload
	maxLogoSide = 4096      // pixels of the upload: they are counted before the picture is decoded
	maxLogoArea = 4 << 20
	logoWidth   = 320 // pixels of ours: twice as many as pages show, for fine screens
	logoHeight  = 80
	maxLogoPNG  = 60 << 10 // bytes of ours
)

// NewLogo decodes a PNG or JPEG picture, makes it no larger than pages need it, and encodes it again. Field: logo.
func NewLogo(file []byte) (Logo, error) {
	bad := func(sentence string) (Logo, error) {
		var c Check
		c.Bad("logo", sentence)
		return Logo{}, c.Err()
	}
	if len(file) > MaxLogoFile {
		return bad(fmt.Sprintf("The file is larger than %d KB.", MaxLogoFile>>10))
	}
	facts, _, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return bad("The file is no PNG or JPEG picture. Drawings such as SVG are not accepted, because a browser may run what is in them: save the logo as PNG.")
	case facts.Width < 1 || facts.Height < 1:
		return bad("The picture is empty.")
	case facts.Width > maxLogoSide || facts.Height > maxLogoSide || facts.Width*facts.Height > maxLogoArea:
		return bad(fmt.Sprintf("The picture has %d × %d pixels; at most %d on a side and 4 million in all are possible. Pages show it %d pixels high.", facts.Width, facts.Height, maxLogoSide, logoHeight/2))
	}
	decoded, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return bad("The picture is damaged: it cannot be decoded to its end.")
	}
	small := shrunk(decoded)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		return Logo{}, fmt.Errorf("encode the logo: %w", err)
	}
	if out.Len() > maxLogoPNG {
		return bad("The picture has so many colours that pages would load slowly. Use a logo with flat colours.")
	}
	sum := sha256.Sum256(out.Bytes())
	return Logo{LogoRef{hex.EncodeToString(sum[:]), small.Bounds().Dx(), small.Bounds().Dy()}, out.Bytes()}, nil
}

// shrunk is a picture of at most logoWidth × logoHeight pixels: each is the average of those that it stands for.
func shrunk(from image.Image) image.Image {
	b := from.Bounds()
	src := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy())) // alpha is multiplied in, as an average needs it
	draw.Draw(src, src.Bounds(), from, b.Min, draw.Src)
	w, h := b.Dx(), b.Dy()
	if w > logoWidth {
		w, h = logoWidth, max(1, h*logoWidth/w)
	}
	if h > logoHeight {
		w, h = max(1, w*logoHeight/h), logoHeight
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			dst.SetRGBA(x, y, average(src, image.Rect(x*b.Dx()/w, y*b.Dy()/h, (x+1)*b.Dx()/w, (y+1)*b.Dy()/h)))
		}
	}
	return dst
}

func average(src *image.RGBA, of image.Rectangle) color.RGBA {
	var r, g, b, a, n int
	for y := of.Min.Y; y < of.Max.Y; y++ {
		for x := of.Min.X; x < of.Max.X; x++ {
			c := src.RGBAAt(x, y)
			r, g, b, a, n = r+int(c.R), g+int(c.G), b+int(c.B), a+int(c.A), n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), uint8(a / n)}
}
