// Package lab proves the product on one machine: network namespaces with client hosts, a gateway
// that runs the real program, target hosts in two subnets and a host on "the internet". Real
// OpenVPN clients connect with the files that the console gives out. Everything here is a test;
// the package has no other code.
//
// It needs root, /dev/net/tun, openvpn, nft and ip. Traffic stays in namespaces that the tests
// make and remove.
package lab
