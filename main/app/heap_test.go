package app

import "testing"

func TestReserveHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if n := len(reserveHeap()); n != heapFloor {
		t.Errorf("%d bytes are reserved", n)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "100")
			if reserveHeap() != nil {
				t.Error("memory is reserved")
			}
		})
	}
}
