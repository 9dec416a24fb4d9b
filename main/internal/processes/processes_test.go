package processes

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A process that may open nothing more can tell of nobody, and does not fail for that.
func TestListWithoutDescriptors(t *testing.T) {
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	none := List()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if len(none) > 0 {
		t.Errorf("it tells of %v", none)
	}
	if all := List(); len(all) == 0 || all[0].PID != os.Getpid() || all[0].Type != Browser {
		t.Errorf("afterwards: %v", all)
	}
}
