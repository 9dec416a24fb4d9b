// Command hello is the smallest Oriel app: a page asks, tells and is told.
package main

import (
	"context"
	"embed"
	"fmt"
	"log"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

//go:embed ui
var ui embed.FS

//go:embed preload.js
var preload string

func main() {
	if err := hello().Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func hello() *app.App {
	a := app.New(app.Options{Name: "hello", Pages: pages.FS(ui, pages.Folder("ui"))})
	ipc.Handle(a.IPC(), "greet", func(_ context.Context, name string) (string, error) {
		return fmt.Sprintf("Hello, %s!", name), nil
	})
	ipc.On(a.IPC(), "log", func(_ context.Context, line string) { fmt.Println("page:", line) })
	a.OnReady(func(ctx context.Context) error {
		w, err := window.New(a, window.Options{Title: "Hello", Width: 640, Height: 420, Preload: preload})
		if err != nil {
			return err
		}
		go tick(w)
		return tour(ctx, a, w)
	})
	return a
}

// tick tells the page the time until its window is closed.
func tick(w *window.Window) {
	for now := range time.Tick(time.Second) {
		if w.Send("time", now) != nil {
			return
		}
	}
}
