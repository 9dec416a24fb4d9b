// Command hello is the smallest Oriel app: a page asks, tells and is told.
package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
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
	files, err := fs.Sub(ui, "ui")
	if err != nil {
		log.Fatal(err)
	}
	a := app.New(app.Options{Name: "hello", Pages: pages.FS(files)})
	ipc.Handle(a.IPC(), "greet", func(_ context.Context, name string) (string, error) {
		return fmt.Sprintf("Hello, %s!", name), nil
	})
	ipc.On(a.IPC(), "log", func(_ context.Context, line string) { fmt.Println("page:", line) })
	a.OnReady(func(ctx context.Context) error {
		w, err := window.New(a, window.Options{Title: "Hello", Width: 640, Height: 420, Preload: preload})
		if err != nil {
			return err
		}
		for range time.Tick(time.Second) {
			if w.Send("time", time.Now()) != nil {
				return nil
			}
		}
		return nil
	})
	if err := a.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
