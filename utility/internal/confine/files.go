package confine

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"

	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

const (
	execute  = landlock.AccessFSExecute
	readFile = landlock.AccessFSReadFile
	read     = readFile | landlock.AccessFSReadDir
	// change is everything that alters files and folders, of every version of Landlock up to 5.
	change = landlock.AccessFSWriteFile | landlock.AccessFSTruncate | landlock.AccessFSRemoveDir | landlock.AccessFSRemoveFile |
		landlock.AccessFSMakeChar | landlock.AccessFSMakeDir | landlock.AccessFSMakeReg | landlock.AccessFSMakeSock | landlock.AccessFSMakeFifo |
		landlock.AccessFSMakeBlock | landlock.AccessFSMakeSym | landlock.AccessFSRefer
	// onFiles are the rights that a file can have, where the others are folders'.
	onFiles = execute | readFile | landlock.AccessFSWriteFile | landlock.AccessFSTruncate | landlock.AccessFSIoctlDev
)

// system is what every program needs to read to run at all.
var system = []string{
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/libexec", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime",
	"/usr/share/zoneinfo", "/usr/share/locale", "/dev/zero", "/dev/random", "/dev/urandom",
}

// network is what the Internet protocols need besides.
var network = []string{
	"/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/ssl", "/etc/pki",
	"/etc/ca-certificates", "/usr/share/ca-certificates",
}

// known are the rights that a kernel with that version of Landlock can withhold.
func known(version int) uint64 {
	all := uint64(execute | read | change | landlock.AccessFSIoctlDev)
	if version < 5 {
		all &^= landlock.AccessFSIoctlDev
	}
	if version < 3 {
		all &^= landlock.AccessFSTruncate // calls.go has what stands in for it
	}
	if version < 2 {
		all &^= landlock.AccessFSRefer // without it, nothing moves between folders at all
	}
	return all
}

// scopes are the reaches beyond the sandbox that a kernel with that version can withhold: other processes' abstract sockets, and signals.
func scopes(version int) uint64 {
	if version < 6 {
		return 0
	}
	return landlock.ScopeAbstractUnixSocket | landlock.ScopeSignal
}

// confineFiles binds this thread, and what it executes, to the files named. It may gain no privileges any more.
func (r *Rules) confineFiles() error {
	handled := known(abi())
	if r.Exec {
		handled &^= execute
	}
	set, err := landlock.LandlockCreateRuleset(&landlock.RulesetAttr{HandledAccessFS: handled, Scoped: scopes(abi())}, 0)
	if err != nil {
		return fmt.Errorf("a set of rules for files: %w", err)
	}
	defer unix.Close(set)
	allow := func(rights uint64, required bool, paths ...string) {
		for _, path := range paths {
			if e := grant(set, path, rights&handled); e != nil && (required || !errors.Is(e, fs.ErrNotExist)) {
				err = errors.Join(err, fmt.Errorf("sandbox: %s: %w", path, e))
			}
		}
	}
	program := r.Program
	if program == "" {
		program = "/proc/self/exe"
	}
	allow(execute|readFile, true, program)
	allow(execute|readFile, false, interpreter(program)...)
	allow(readFile|landlock.AccessFSWriteFile|landlock.AccessFSTruncate, false, "/dev/null")
	allow(read, false, system...)
	if r.Network {
		allow(read, false, network...)
	}
	if r.All {
		allow(read, true, "/")
	}
	allow(read, true, r.Read...)
	allow(read|change, true, r.Write...)
	if err != nil {
		return err
	}
	if err := landlock.LandlockRestrictSelf(set, 0); err != nil {
		return fmt.Errorf("rules for files: %w", err)
	}
	return nil
}

// grant gives rights on a file, or on a folder and everything in it.
func grant(set int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= onFiles
	}
	if rights == 0 {
		return nil
	}
	return landlock.LandlockAddPathBeneathRule(set, &landlock.PathBeneathAttr{AllowedAccess: rights, ParentFd: fd}, 0)
}

// interpreter names the dynamic linker that the kernel starts for a program, if it wants one.
func interpreter(program string) []string {
	f, err := elf.Open(program)
	if err != nil {
		return nil
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			text, err := io.ReadAll(io.LimitReader(p.Open(), unix.PathMax))
			if err == nil && len(text) > 1 {
				return []string{string(text[:len(text)-1])}
			}
		}
	}
	return nil
}
