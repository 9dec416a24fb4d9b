// Package shop is an app with a channel of every kind and a value of every type, for the tests of oriel generate.
package shop

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/oriel-go/oriel/cmd/oriel/testdata/shop/archive"
	"github.com/oriel-go/oriel/cmd/oriel/testdata/shop/catalog"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

const prefix = "shop:"

// Options are what a search is narrowed by.
type Options struct {
	Status catalog.Status `json:"status,omitempty"`
	Limit  int            `json:"limit"`
}

// Serve registers what pages may ask and tell.
func Serve(a *app.App) {
	r := a.IPC()

	// Finds items.
	// The words may be in any order.
	ipc.Handle(r, prefix+"find", func(_ context.Context, o Options) (catalog.Page[catalog.Item], error) {
		if o.Limit < 0 {
			return catalog.Page[catalog.Item]{}, errors.New("the limit is negative")
		}
		next := o.Limit + 1
		return catalog.Page[catalog.Item]{Rows: []catalog.Item{{Name: "bread", Status: o.Status}}, Next: &next}, nil
	})
	ipc.HandleFunc(r, "shop:rename", rename)
	ipc.HandleFunc(r, "shop:sum", func(first float64, rest ...float64) float64 {
		for _, x := range rest {
			first += x
		}
		return first
	})
	ipc.Handle(r, "shop:raw-args", func(_ context.Context, args ipc.Args) (int, error) { return args.Len(), nil })
	ipc.Handle(r, "shop:now", func(context.Context, struct{}) (time.Time, error) { return time.Now(), nil })
	ipc.HandleOnce(r, "shop:tour", func(_ context.Context, _ any) (struct{}, error) { return struct{}{}, nil })
	ipc.HandleFunc(r, "shop:values", func() Values { return Sample() })
	ipc.HandleFunc(r, "shop:keep", func(v Values) Values { return v })
	ipc.HandleFunc(r, "default:new", func() {}) // reserved words
	ipc.HandleFunc(r, "shop:in", func(in, delete string, _ int) {})
	ipc.HandleFunc(r, "shop:archive:list", func() []archive.Note { return nil })
	ipc.HandleFunc(r, "shop:archive:notes", func(catalog.Note) (*archive.Note, error) { return nil, nil })
	ipc.On(r, "log", func(_ context.Context, line string) {})
	ipc.Once(r, "shop/ready", func(_ context.Context, _ any) {})
	ipc.OnFunc(r, "shop:moved", func(ctx context.Context, x, y float64) { _ = ipc.Reply(ctx, "shop:seen", x, y) })
	ipc.Handle(r, "shop:wait", func(ctx context.Context, options string) (string, error) {
		close(Waiting)
		<-ctx.Done()
		close(GivenUp)
		return options, context.Cause(ctx)
	})
	streams(r)
	ipc.HandleFunc(r, "shop:refusal", func() *Refusal { return &Refusal{"price"} })
	ipc.HandleFunc(r, "shop:refusals", func() iter.Seq[*Refusal] { return slices.Values([]*Refusal{{"size"}, nil}) })
	ipc.HandleFunc(r, "shop:ip", func(ip net.IP) []Refusal { return []Refusal{{Field: ip.String()}} })

	//oriel:hidden for the tests alone
	ipc.On(r, "hidden", func(context.Context, func()) {})
}

// Refusal is an error, as a whole; as a part of something it has fields.
type Refusal struct {
	Field string `json:"field"`
}

func (r *Refusal) Error() string { return "not this " + r.Field }

// Worker is a utility process, with whom the app talks and no page.
func Worker(ctx context.Context, port *utility.Port) error {
	ipc.Handle(port.IPC(), "work", func(_ context.Context, n int) (int, error) { return n, nil })
	r := port.IPC()
	ipc.OnFunc(r, "work:more", func(n int) {})
	if _, err := ipc.Invoke[int](ctx, port, "work:ask"); err != nil {
		return err
	}
	return port.Serve(ctx)
}

// Waiting is closed when shop:wait waits, and GivenUp when it has been given up.
var Waiting, GivenUp = make(chan struct{}), make(chan struct{})

// rename gives an item another name.
//
// Deprecated: names are for ever. */
func rename(_ context.Context, id catalog.ID, name string) error { return nil }

func streams(r *ipc.Router) {
	ipc.Handle(r, "shop:export", func(_ context.Context, _ any) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("x")), nil
	})
	ipc.HandleFunc(r, "shop:import", func(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) })
	ipc.HandleFunc(r, "shop:ticks", func() <-chan time.Time {
		ticks := make(chan time.Time, 1)
		ticks <- time.UnixMilli(1)
		close(ticks)
		return ticks
	})
	ipc.HandleFunc(r, "shop:items", func() iter.Seq2[catalog.Item, error] {
		return func(yield func(catalog.Item, error) bool) {
			_ = yield(catalog.Item{Name: "bread"}, nil) && yield(catalog.Item{}, errors.New("no more"))
		}
	})
	ipc.On(r, "shop:picture", func(_ context.Context, data ipc.Lent) {})
	ipc.HandleFunc(r, "shop:buffer", func() iter.Seq[[]byte] { return slices.Values([][]byte{{1, 2}, nil}) })
}

// A Question is what a page may ask its user.
type Question struct {
	Text    string   `json:"text"`
	Answers []string `json:"answers"`
}

// Ask asks the page.
func Ask(ctx context.Context, w *window.Window, q Question) (answer int, err error) {
	// Asks the user, and tells which answer was chosen.
	answer, err = ipc.Invoke[int](ctx, w, "shop:confirm", q)
	if err != nil {
		return 0, err
	}
	var item *catalog.Item
	if err := w.Invoke(ctx, "shop:pick", &item, answer, q.Answers); err != nil {
		return 0, err
	}
	return answer, w.MainFrame().Invoke(ctx, "shop:close", nil)
}

// Rate asks the page about any number of items, and tells it to go on for as long as ctx lasts.
func Rate(ctx context.Context, w *window.Window, items ...any) (points float64, err error) {
	if err := w.Invoke(ctx, "shop:rate", &points, items...); err != nil {
		return 0, err
	}
	return points, w.Invoke(ctx, "shop:go-on", nil, "context")
}

// Tell says to pages what there is to hear.
func Tell(ctx context.Context, a *app.App, w *window.Window, items []catalog.Item) error {
	// An item has come or gone.
	err := a.Send("shop:changed", items[0].Name, 1)
	if len(items) > 1 {
		note := catalog.Note{Text: "more"}
		err = errors.Join(err, w.Send("shop:changed", note, 2), a.Send("shop:changed", nil))
	}
	more := []any{"a", 2}
	return errors.Join(err, w.Send("shop:many", more...), w.Send("shop:closing"))
}

// Scope makes a block that the page follows.
func Scope(w *window.Window) (*ipc.Block, error) {
	// The newest samples.
	return ipc.NewBlock(w, "shop:scope", 8)
}
