package confine

import (
	"errors"
	"fmt"
	"sync"

	seccomp "github.com/elastic/go-seccomp-bpf"
	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// ErrUnsupported says that this kernel cannot hold the rules.
var ErrUnsupported = errors.New("the kernel cannot hold the sandbox's rules")

// abi is the version of Landlock that the kernel has, 0 for none.
var abi = sync.OnceValue(func() int {
	version, err := landlock.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
})

// Supported reports why a process cannot be confined here.
func Supported() error {
	if abi() < 1 {
		return fmt.Errorf("%w: it has no Landlock (5.13 and later have it, if it is among the security modules that are switched on)", ErrUnsupported)
	}
	if !seccomp.Supported() {
		return fmt.Errorf("%w: it has no seccomp filters", ErrUnsupported)
	}
	return nil
}
