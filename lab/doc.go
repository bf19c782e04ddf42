// Package lab tests the product on one machine: network namespaces with client hosts, a gateway that
// runs the real program, target hosts in two subnets and a host on "the internet". Real OpenVPN
// clients connect with the configuration files of the console. Everything here is a test; the package
// has no other code. What other tests share is in netlab, testpki and gateway.
//
// It needs root, /dev/net/tun, openvpn, nft and ip. Traffic stays in namespaces that the tests
// make and remove.
package lab
