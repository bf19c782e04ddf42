package browser

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// logoFile writes a picture: a dark ring on no ground.
func logoFile(t *testing.T) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	for x := range 300 {
		for y := range 300 {
			if d := (x-150)*(x-150) + (y-150)*(y-150); d < 145*145 && d > 90*90 {
				m.Set(x, y, color.NRGBA{180, 90, 20, 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return temporaryFile(t, "logo.png", b.Bytes())
}

func temporaryFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(at, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// chooseFile chooses a file in the field of a label.
func (p *user) chooseFile(label, file string) {
	p.t.Helper()
	p.field(label)
	p.do(chromedp.SetUploadFiles("[data-found]", []string{file}, chromedp.ByQuery))
}

// portalAppearance has an administrator give the portal a title, a logo and a program, after files that are refused; the user who is
// signed in to it in the same browser sees them, and gets the program as it was uploaded.
func (p *user) portalAppearance(t *testing.T, public string) {
	t.Helper()
	p.open("/self-service-portal")
	p.fill("Title", "Example VPN")
	p.fill("Contact", "help@example.com")
	p.fill("Help text", "Passwords are changed at your computer.\nThe help desk is in room 12.")
	p.chooseFile("Logo", temporaryFile(t, "logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)))
	p.press("Save")
	p.waitText("no PNG or JPEG picture")
	p.inspect("refused logo of the portal")
	if got := p.value("Title"); got != "Example VPN" {
		t.Errorf("the title as it was typed is now %q", got)
	}
	p.chooseFile("Logo", logoFile(t))
	p.press("Save")
	p.waitText("Self-service portal saved.", "The logo at present", "Remove the logo")
	p.inspect("self-service portal")

	p.press("Windows")
	p.waitText("Program for Windows")
	p.inspect("program of the portal")
	p.choose("Program", "OpenVPN GUI")
	p.chooseFile("File", temporaryFile(t, "empty.msi", nil))
	p.press("Upload")
	p.waitText("The file is empty.")
	p.inspect("refused program of the portal")
	program := bytes.Repeat([]byte("a program of 1.2 MB, "), 60_000)
	p.choose("Program", "OpenVPN GUI")
	p.chooseFile("File", temporaryFile(t, "OpenVPN-2.6.14-amd64.msi", program))
	p.press("Upload")
	p.waitText("The file is offered to users of Windows.", "OpenVPN GUI, OpenVPN-2.6.14-amd64.msi, 1.3 MB")
	p.inspect("programs of the portal")
	p.press("Windows")
	p.waitText("Offered now", "SHA-256")
	p.inspect("offered program of the portal")
	p.press("Remove")
	p.waitText("Remove the program for Windows?", "OpenVPN-2.6.14-amd64.msi")
	p.inspect("remove a program of the portal")

	p.open(public + "/portal?platform=windows")
	p.waitText("From your administrators, 1.3 MB.", "The help desk is in room 12.", "Questions?", "help@example.com")
	p.inspectPublic("portal-installer")
	if name, file := p.download("Download OpenVPN GUI"); name != "OpenVPN-2.6.14-amd64.msi" || file != string(program) {
		t.Errorf("the program is %s, of %d bytes", name, len(file))
	}
	p.open(public + "/portal?platform=android")
	p.picturesForReadme("portal-phone")
}
