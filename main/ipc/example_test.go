package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"strings"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

var a *app.App

type Note struct {
	Title string   `json:"title"`
	Tags  []string `json:"tags"`
}

type Saved struct {
	ID int `json:"id"`
}

// In the preload: const { id } = await ipcRenderer.invoke('notes:save', { title: 'Milk', tags: [] })
func ExampleHandle() {
	ipc.Handle(a.IPC(), "notes:save", func(ctx context.Context, n Note) (Saved, error) {
		if n.Title == "" {
			return Saved{}, errors.New("a note needs a title") // the promise is rejected with this text
		}
		return Saved{ID: 1}, nil
	})
}

type Row struct{ Name string }

func query(context.Context, string) iter.Seq2[Row, error] { return nil }

// In the preload: await ipcRenderer.invoke('file', 'big.mov') is a ReadableStream, and so is what 'rows' gives:
// for await (const row of await ipcRenderer.invoke('rows', 'all')) … The second argument of 'import' may be a File.
func ExampleHandle_streams() {
	root, err := os.OpenRoot("media")
	if err != nil {
		return
	}
	ipc.Handle(a.IPC(), "file", func(ctx context.Context, name string) (io.Reader, error) { return root.Open(name) })
	ipc.Handle(a.IPC(), "rows", func(ctx context.Context, what string) (iter.Seq2[Row, error], error) { return query(ctx, what), nil })
	ipc.HandleFunc(a.IPC(), "import", func(ctx context.Context, name string, body io.Reader) (int64, error) {
		f, err := root.Create(name)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		return io.Copy(f, body)
	})
}

// In the preload: await ipcRenderer.invoke('notes:rename', 7, 'Bread')
func ExampleHandleFunc() {
	ipc.HandleFunc(a.IPC(), "notes:rename", func(ctx context.Context, id int, title string) error {
		return nil
	})
}

// Any number of arguments, of any type.
func ExampleArgs() {
	ipc.Handle(a.IPC(), "log", func(ctx context.Context, args ipc.Args) (int, error) {
		for i := range args.Len() {
			var v any
			if err := args.Decode(i, &v); err != nil {
				return 0, err
			}
			fmt.Println(v)
		}
		return args.Len(), nil
	})
}

// In the preload: ipcRenderer.send('ready') and ipcRenderer.on('welcome', (event, text) => …)
func ExampleReply() {
	ipc.On(a.IPC(), "ready", func(ctx context.Context, _ any) {
		if err := ipc.Reply(ctx, "welcome", "to "+ipc.SenderFrom(ctx).URL); err != nil {
			fmt.Println("the page has gone:", err)
		}
	})
}

// A document subscribes; what works for it ends with it.
func ExampleFrame_Context() {
	ipc.On(a.IPC(), "watch", func(ctx context.Context, path string) {
		frame := ipc.FrameFrom(ctx)
		changes := make(chan string)
		go func() {
			for {
				select {
				case change := <-changes:
					_ = frame.Send("changed", change)
				case <-frame.Context().Done():
					return
				}
			}
		}()
	})
}

// A handler that serves one document, before those of the window and of the app.
func ExampleFrame_IPC() {
	ipc.HandleFunc(a.IPC(), "open", func(ctx context.Context, path string) {
		ipc.Handle(ipc.FrameFrom(ctx).IPC(), "path", func(context.Context, any) (string, error) { return path, nil })
	})
}

// A window's own handler comes before the app's.
func ExampleNewRouter() {
	var w *window.Window
	ipc.Handle(w.IPC(), "title", func(context.Context, any) (string, error) { return "of this window", nil })
}

// What every call has to go through is written once: here a log line for each, and a page that may only read.
func ExampleHandler() {
	logged := func(next ipc.Handler) ipc.Handler {
		return func(ctx context.Context, c *ipc.Call) (any, error) {
			begin := time.Now()
			result, err := next(ctx, c)
			log.Printf("%v %s from %s: %v, %v", c.Kind, c.Channel, ipc.SenderFrom(ctx).URL, time.Since(begin), err)
			return result, err
		}
	}
	readOnly := func(next ipc.Handler) ipc.Handler {
		return func(ctx context.Context, c *ipc.Call) (any, error) {
			if strings.HasPrefix(ipc.SenderFrom(ctx).URL, a.Origin()+"/guest/") && c.Channel != "notes:list" {
				return nil, errors.New("guests may only look") // the page's promise is rejected with it
			}
			return next(ctx, c)
		}
	}
	a.IPC().Use(logged, readOnly)
}

func ExampleStats() {
	for channel, c := range a.IPC().Stats().Channels {
		fmt.Printf("%s: %d calls, %d at work, 99 %% within %v\n", channel, c.Calls, c.InFlight, c.Latency.Quantile(0.99))
	}
}
