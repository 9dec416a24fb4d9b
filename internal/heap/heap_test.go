package heap

import "testing"

func TestReserve(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if n := len(Reserve(1 << 20)); n != 1<<20 {
		t.Errorf("%d bytes are reserved", n)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "100")
			if Reserve(1<<20) != nil {
				t.Error("memory is reserved")
			}
		})
	}
}
