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

func hasLandlock() bool { return abi() >= 1 }

func hasFilters() bool { return seccomp.Supported() }

// Supported reports why a process cannot be confined here.
func Supported() error {
	if !hasLandlock() {
		return fmt.Errorf("%w: it has no Landlock (5.13 and later have it, if it is among the security modules that are switched on)", ErrUnsupported)
	}
	if !hasFilters() {
		return fmt.Errorf("%w: it has no seccomp filters", ErrUnsupported)
	}
	return nil
}
