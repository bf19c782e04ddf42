// Package browser tests the console as its users see it: in Chromium, with the real program and a
// network behind it. Fields are found by their visible labels, buttons and links by their visible
// words, and every page is checked with axe-core. Everything here is a test; the package has no other
// code. Its network and the program come from lab/netlab and lab/gateway.
//
// It needs root, /dev/net/tun, openvpn, nft, ip, ping and chromium. The console and its clients
// live in network namespaces that the tests make and remove; Chromium reaches the console by a
// port of loopback. Screenshots are written to .artifacts/browser, or below $ARTIFACTS.
package browser
