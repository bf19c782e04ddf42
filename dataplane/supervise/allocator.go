package supervise

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// jemallocPlaces are where Debian and others install jemalloc.
var jemallocPlaces = []string{"/usr/lib/*/libjemalloc.so.2", "/usr/lib64/libjemalloc.so.2", "/usr/lib/libjemalloc.so.2"}

// A worker's memory has to come back after a flood of handshakes. As glibc is set up it does not: the heap shrinks from its end
// only, and one client that connected during the flood kept all that the flood had taken.
const (
	// jemallocReturns has jemalloc give back the pages that were free for a second, and keeps no memory for threads that OpenVPN does
	// not have. Giving them back at once costs a login 1.8 ms, because the next one takes them again. The thread of its own is what
	// gives them back while the worker is idle: without it jemalloc looks at its free pages only while it is called, and a worker
	// without clients kept them for minutes. It belongs to the worker's uid and counts against maxProcesses.
	jemallocReturns = "narenas:1,tcache:false,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0"
	// glibcReturns has glibc map what a client's buffers take and unmap it when the client is gone. Each client takes some
	// 50 mappings, more than glibc's own limit leaves for 1,300, and a login some 340, which cost 2 ms of the worker's processor
	// time: jemalloc needs none of them. Another C library ignores the variable.
	glibcReturns = "glibc.malloc.top_pad=0:glibc.malloc.mmap_threshold=1800:glibc.malloc.mmap_max=1000000"
)

// allocator is the environment that has a worker's memory come back: jemalloc where the host has it, else glibc's settings.
// A worker holds private keys, so a library that another user than root can write is not loaded.
func allocator(places []string) []string {
	glibc := "GLIBC_TUNABLES=" + glibcReturns
	for _, place := range places {
		found, err := filepath.Glob(place)
		if err != nil {
			continue
		}
		for _, library := range found {
			if ownedByRoot(library) {
				return []string{"LD_PRELOAD=" + library, "MALLOC_CONF=" + jemallocReturns, glibc} // a library of another machine is left out
			}
		}
	}
	return []string{glibc}
}

// ownedByRoot tells whether root alone can write a file and the directory that it is in.
func ownedByRoot(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	for _, p := range []string{real, filepath.Dir(real), filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil || info.Mode()&(fs.ModeSetuid|0o022) != 0 {
			return false
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 0 {
			return false
		}
	}
	return true
}
