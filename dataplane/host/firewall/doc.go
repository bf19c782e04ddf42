// Package firewall finds the rules of other programs on this host (Docker, firewalld, ufw, an
// administrator's own) that drop packets of VPN clients, and says how to let them pass. It only
// reads. It works in the network namespace of the calling thread.
package firewall
