package ipc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// Who may do what is decided in one place, by the sender that Chromium names: the first window may delete, the second may not.
func TestBrowserInterceptor(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		deleted, told := make(chan string, 10), make(chan string, 10)
		ipc.Handle(a.IPC(), "notes:delete", func(_ context.Context, id string) (string, error) { deleted <- id; return "gone", nil })
		ipc.Handle(a.IPC(), "notes:list", func(context.Context, any) ([]string, error) { return []string{"a"}, nil })
		ipc.On(a.IPC(), "notes:tell", func(_ context.Context, text string) { told <- text })
		first, second := show(t, a, window.Options{}), show(t, a, window.Options{})
		a.IPC().Use(func(next ipc.Handler) ipc.Handler {
			return func(ctx context.Context, c *ipc.Call) (any, error) {
				if s := ipc.SenderFrom(ctx); c.Channel != "notes:list" && s.WindowID != first.ID() {
					return nil, &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: s.Origin + " may only look", Code: "E_READ_ONLY"}}
				}
				return next(ctx, c)
			}
		})
		if got := eval[failure](t, second, `window.api.tryInvoke('notes:delete', 'x')`); got.Code != "E_READ_ONLY" || !strings.HasSuffix(got.Text, "may only look") {
			t.Errorf("the second window's page: %+v", got)
		}
		eval[any](t, second, `window.api.send('notes:tell', 'second'), 0`)
		if got := eval[[]string](t, second, `window.api.invoke('notes:list')`); len(got) != 1 {
			t.Errorf("it may look, and saw %v", got)
		}
		eval[any](t, first, `window.api.send('notes:tell', 'first'), 0`)
		if got := eval[string](t, first, `window.api.invoke('notes:delete', 'y')`); got != "gone" {
			t.Errorf("the first window's page: %s", got)
		}
		if id, text := <-deleted, <-told; id != "y" || text != "first" || len(deleted) > 0 || len(told) > 0 {
			t.Errorf("deleted %s, told %s, and %d, %d more", id, text, len(deleted), len(told))
		}
		s := a.IPC().Stats().Channels
		if d := s["notes:delete"]; d.Calls != 2 || d.Errors["E_READ_ONLY"] != 1 || d.Latency.Count != 2 || d.Latency.Quantile(1) <= 0 {
			t.Errorf("counted: %+v", d)
		}
	})
}
