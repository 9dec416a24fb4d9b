package router

import (
	"context"
	"strings"
	"testing"
)

// A function that no call could fit is refused when it is registered, not when a page calls it.
func TestFunctionsThatFitNothing(t *testing.T) {
	for _, f := range []any{
		nil, 5, (func())(nil),
		func(int, context.Context) {},
		func(context.Context, context.Context) {},
		func(Args, int) {},
		func(context.Context, string, Args) {},
		func() (int, int) { return 0, 0 },
		func() (int, string, error) { return 0, "", nil },
	} {
		for _, register := range []func(*Router){
			func(r *Router) { HandleFunc(r, "x", f) },
			func(r *Router) { OnFunc(r, "x", f) },
		} {
			said := func() (said any) {
				defer func() { said = recover() }()
				register(NewRouter(nil))
				return nil
			}()
			if err, ok := said.(error); !ok || !strings.Contains(err.Error(), "is not func([context.Context,] arguments") {
				t.Errorf("%T: %v", f, said)
			}
		}
	}
	HandleFunc(NewRouter(nil), "x", func(context.Context, Args) (int, error) { return 0, nil })
}
