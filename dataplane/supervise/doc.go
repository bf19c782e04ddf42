// Package supervise starts OpenVPN workers and watches them, children of this process and adopted
// ones alike. A worker survives the process that started it: it has a process session of its own, no
// parent death signal, a file in memory for its output (not a pipe: an unread pipe blocked every
// tunnel), and an Identity by which a later process finds it again and never takes another process
// for it.
//
// A worker runs without privileges: a uid of its own, no supplementary group, no capability, and no
// way to gain one. What would need privileges exists before it starts: the tun device, owned by its
// uid; a device node to open it; a high port.
package supervise
