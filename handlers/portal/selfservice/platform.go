package selfservice

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

// platformOf is the platform that the user has chosen, or that the browser says it runs on. An iPad says that it is a Mac:
// its user chooses.
func platformOf(c echo.Context) vpn.Platform {
	if chosen := vpn.Platform(c.QueryParam("platform")); slices.Contains(vpn.Platforms(), chosen) {
		return chosen
	}
	h := c.Request().Header
	switch strings.Trim(h.Get("Sec-CH-UA-Platform"), `"`) {
	case "Windows":
		return vpn.Windows
	case "macOS":
		return vpn.MacOS
	case "Linux", "Chrome OS", "Chromium OS":
		return vpn.Linux
	case "iOS":
		return vpn.IOS
	case "Android":
		return vpn.Android
	}
	agent := h.Get("User-Agent")
	for _, sign := range []struct {
		word string
		p    vpn.Platform
	}{ // in this order: an Android telephone says Linux, an iPhone says Mac OS X
		{"Android", vpn.Android}, {"iPhone", vpn.IOS}, {"iPad", vpn.IOS}, {"iPod", vpn.IOS},
		{"Windows", vpn.Windows}, {"Macintosh", vpn.MacOS}, {"Linux", vpn.Linux}, {"CrOS", vpn.Linux}, {"X11", vpn.Linux},
	} {
		if strings.Contains(agent, sign.word) {
			return sign.p
		}
	}
	return vpn.Windows
}

// programOf is the program that the user has chosen of those that suit, or the first of them.
func programOf(c echo.Context, suiting []vpn.ClientProgram) vpn.ClientProgram {
	chosen := vpn.ClientProgramID(c.QueryParam("program"))
	if i := slices.IndexFunc(suiting, func(p vpn.ClientProgram) bool { return p.ID == chosen }); i >= 0 {
		return suiting[i]
	}
	return suiting[0]
}
