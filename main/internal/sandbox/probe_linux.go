package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// nowhere can never be executed: it lies below something that is no folder.
const nowhere = "/dev/null/namespace-probe"

// mountedNosuid is statfs's flag for a file system mounted nosuid.
const mountedNosuid = 0x2

// cloneNamespaces does what Chromium will do, to see whether the kernel allows it: a process in a user namespace of its own that
// then uses a right it has only there, here to have process ids of its own too. (Where AppArmor restricts namespaces, the first
// succeeds and the second does not.) The process has nothing to do: that it gets as far as failing to execute is the answer.
func cloneNamespaces() error {
	uid, gid := os.Getuid(), os.Getgid()
	_, err := syscall.ForkExec(nowhere, []string{nowhere}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
	}})
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return nil
	case err == nil:
		return fmt.Errorf("%s was executed", nowhere)
	}
	return err
}

func inspect(path string) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return file{}, &fs.PathError{Op: "stat", Path: path, Err: errors.ErrUnsupported}
	}
	f := file{uid: stat.Uid, mode: info.Mode()}
	var system syscall.Statfs_t
	if syscall.Statfs(path, &system) == nil {
		f.nosuid = system.Flags&mountedNosuid != 0
	}
	return f, nil
}
