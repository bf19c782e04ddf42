package vpn

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"
)

func picture(t *testing.T, w, h int, jpg bool) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x * 255 / w), 40, 120, 255})
		}
	}
	var b bytes.Buffer
	var err error
	if jpg {
		err = jpeg.Encode(&b, m, nil)
	} else {
		err = png.Encode(&b, m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a PNG file that says that it has so many pixels.
func bomb(t *testing.T, w, h uint32) []byte {
	t.Helper()
	file := picture(t, 4, 4, false)
	binary.BigEndian.PutUint32(file[16:], w)
	binary.BigEndian.PutUint32(file[20:], h)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

// A logo is made anew of the picture, no larger than pages need it.
func TestLogoIsMadeAnew(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		file          []byte
		width, height int
	}{
		"small":  {picture(t, 60, 40, false), 60, 40},
		"wide":   {picture(t, 2000, 100, false), 320, 16},
		"tall":   {picture(t, 100, 2000, false), 4, 80},
		"jpeg":   {picture(t, 1600, 800, true), 160, 80},
		"line":   {picture(t, 3000, 1, false), 320, 1},
		"behind": {append(picture(t, 60, 40, false), "<script>alert(1)</script>"...), 60, 40},
	} {
		logo, err := NewLogo(c.file)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		m, kind, err := image.Decode(bytes.NewReader(logo.PNG))
		if err != nil || kind != "png" || m.Bounds().Dx() != c.width || m.Bounds().Dy() != c.height || logo.Width != c.width || logo.Height != c.height || len(logo.Digest) != 64 {
			t.Errorf("%s: %s %v, %+v, %v", what, kind, m.Bounds(), logo.LogoRef, err)
		}
		if bytes.Contains(logo.PNG, []byte("script")) {
			t.Errorf("%s keeps what stood behind the picture", what)
		}
	}
	logo, err := NewLogo(picture(t, 3200, 800, false))
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(logo.PNG))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, a := m.At(160, 40).RGBA(); a != 0xffff || r>>8 < 120 || r>>8 > 135 {
		t.Errorf("the middle is %v", m.At(160, 40))
	}
}

func TestWhatIsNoLogo(t *testing.T) {
	t.Parallel()
	damaged := picture(t, 300, 300, false)
	for what, c := range map[string]struct {
		file []byte
		want string
	}{
		"svg":       {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "no PNG or JPEG picture"},
		"html":      {[]byte(`<!doctype html><script>alert(1)</script>`), "no PNG or JPEG picture"},
		"gif":       {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "no PNG or JPEG picture"},
		"empty":     {nil, "no PNG or JPEG picture"},
		"bomb":      {bomb(t, 60_000, 60_000), "60000 × 60000 pixels"},
		"large":     {bomb(t, 4000, 4000), "4000 × 4000 pixels"},
		"damaged":   {damaged[:len(damaged)/2], "damaged"},
		"long file": {make([]byte, MaxLogoFile+1), "larger than 512 KB"},
	} {
		_, err := NewLogo(c.file)
		if got := FieldsOf(err)["logo"]; !strings.Contains(got, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestBrandingEdit(t *testing.T) {
	t.Parallel()
	b := Branding{Title: "VPN", Logo: LogoRef{Digest: "one"}, Version: 3}
	for what, c := range map[string]struct {
		e     BrandingEdit
		field string
	}{
		"lines in the title":   {BrandingEdit{Version: 3, Title: "a\nb"}, "title"},
		"a long title":         {BrandingEdit{Version: 3, Title: strings.Repeat("ü", MaxPortalTitle+1)}, "title"},
		"lines in the contact": {BrandingEdit{Version: 3, Contact: "a\nb"}, "contact"},
		"control characters":   {BrandingEdit{Version: 3, Help: "a\x1b[2J"}, "help"},
		"a long help":          {BrandingEdit{Version: 3, Help: strings.Repeat("x", MaxPortalHelp+1)}, "help"},
	} {
		was := b
		if err := b.Edit(c.e); FieldsOf(err)[c.field] == "" || b != was {
			t.Errorf("%s: %v, %+v", what, err, b)
		}
	}
	if err := b.Edit(BrandingEdit{Version: 2}); KindOf(err) != Stale {
		t.Errorf("a form of before: %v", err)
	}
	if err := b.Edit(BrandingEdit{Version: 3, Title: " Example VPN ", Help: "one\r\ntwo"}); err != nil || b.Title != "Example VPN" || b.Help != "one\ntwo" || b.Logo.Digest != "one" || b.Version != 4 {
		t.Errorf("got %+v, %v", b, err)
	}
	if err := b.Edit(BrandingEdit{Version: 4, RemoveLogo: true}); err != nil || b.Logo.Digest != "" {
		t.Errorf("got %+v, %v", b, err)
	}
}

func TestInstaller(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for typed, want := range map[string]string{
		`C:\Users\x\Setup 3.7.msi`: "Setup 3.7.msi", "../../etc/passwd": "passwd", "a\r\nb.exe": "a__b.exe", `x".exe`: "x_.exe", "...": "installer", "münchen.dmg": "m_nchen.dmg",
		strings.Repeat("a", 300) + ".msi": strings.Repeat("a", 116) + ".msi",
	} {
		i, err := NewInstallerFile(Windows, OpenVPNGUI, typed, now, "admin")
		if err != nil || i.FileName != want {
			t.Errorf("%q: %q, %v", typed, i.FileName, err)
		}
	}
	_, err := NewInstallerFile(Windows, Tunnelblick, "", now, "admin")
	if f := FieldsOf(err); f["program"] == "" || f["file"] == "" {
		t.Errorf("got %v", err)
	}
	for _, link := range []string{"", "http://example.com/x", "javascript:alert(1)", "https://user:secret@example.com/", "https://", "//example.com", "https://example.com/" + strings.Repeat("a", 2000), "https://exam\nple.com"} {
		if _, err := NewInstallerLink(MacOS, Tunnelblick, link, "", now, "admin"); FieldsOf(err)["link"] == "" {
			t.Errorf("%q: %v", link, err)
		}
	}
	if _, err := NewInstallerLink(MacOS, Tunnelblick, "https://example.com/x", "abc", now, "admin"); FieldsOf(err)["checksum"] == "" {
		t.Errorf("a short checksum: %v", err)
	}
	i, err := NewInstallerLink(MacOS, Tunnelblick, " https://example.com/x.dmg ", strings.Repeat("AB", 32), now, "admin")
	if err != nil || i.Link != "https://example.com/x.dmg" || i.SHA256 != strings.Repeat("ab", 32) || i.Name() != "Tunnelblick" {
		t.Errorf("got %+v, %v", i, err)
	}
}
