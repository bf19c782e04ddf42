package netlab

import (
	"os"
	"os/exec"
)

// packages names the Debian package of each command whose package has another name.
var packages = map[string]string{
	"ip": "iproute2", "ss": "iproute2", "nft": "nftables", "nsenter": "util-linux", "setpriv": "util-linux", "ping": "iputils-ping",
}

// Missing tells in a sentence what this machine lacks to run tests with namespaces, tun devices and
// the given commands: root, a command, or the tun module. It is empty where all is there.
func Missing(commands ...string) string {
	if os.Geteuid() != 0 {
		return "run as root: the tests make network namespaces and tun devices"
	}
	if missing := missingCommand(commands); missing != "" {
		return missing
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return "there is no /dev/net/tun; load the kernel module tun"
	}
	return ""
}

func missingCommand(commands []string) string {
	for _, name := range commands {
		if _, err := exec.LookPath(name); err != nil {
			from := packages[name]
			if from == "" {
				from = name
			}
			return "the command " + name + " is missing; install the package " + from
		}
	}
	return ""
}
