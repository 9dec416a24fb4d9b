package utility_test

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("heap", func(ctx context.Context, p *utility.Port) error {
		router.Handle(p.IPC(), "next", func(context.Context, any) (uint64, error) {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.NextGC, nil
		})
		return p.Serve(ctx)
	})
}

// The collector of a utility process begins where the page of limits says, unless the environment says otherwise.
func TestHeapFloor(t *testing.T) {
	const floor = 2 * 8 << 20 // it runs when the heap has doubled
	for _, c := range []struct {
		env  string
		less bool
	}{{"A=", false}, {"GOGC=100", true}, {"GOMEMLIMIT=1GiB", true}} {
		env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "GOGC=") || strings.HasPrefix(s, "GOMEMLIMIT=") })
		p := fork(t, "heap", utility.Options{Env: append(env, c.env)})
		n, err := router.Invoke[int](t.Context(), p.Port(), "next")
		if err != nil || (n < floor) != c.less || n > floor+8<<20 {
			t.Errorf("%q: the collector runs at %d KiB, %v", c.env, n>>10, err)
		}
	}
}
