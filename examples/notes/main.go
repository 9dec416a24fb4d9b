// Command notes keeps notes as Markdown files: a small app, whole.
package main

import (
	"context"
	"embed"
	"log"
	"net/url"
	"path/filepath"

	"github.com/oriel-go/oriel/examples/notes/store"
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
	a := app.New(app.Options{Name: "oriel-notes", Pages: pages.FS(ui, pages.Folder("ui"))})
	a.OnReady(func(ctx context.Context) error {
		w, err := start(ctx, a)
		if err != nil {
			return err
		}
		return tour(ctx, a, w)
	})
	if err := a.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func start(ctx context.Context, a *app.App) (*window.Window, error) {
	notes, err := store.Open(filepath.Join(a.DataDir(), "notes"))
	if err != nil {
		return nil, err
	}
	serve(a, notes)
	go watch(ctx, a, notes)
	return open(a, "/", 960, 640)
}

//go:generate go run github.com/oriel-go/oriel/cmd/oriel generate

// serve answers what the pages ask. Each channel is a function of window.notes: preload.js and preload.d.ts are made of this.
func serve(a *app.App, notes *store.Store) {
	r := a.IPC()
	ipc.HandleFunc(r, "notes:list", notes.List)
	ipc.HandleFunc(r, "notes:read", notes.Read)
	ipc.HandleFunc(r, "notes:save", notes.Save)
	ipc.HandleFunc(r, "notes:delete", notes.Delete)
	ipc.HandleFunc(r, "notes:import", notes.Import)
	// Opens a note in a window of its own.
	ipc.HandleFunc(r, "notes:open-window", func(id string) error {
		_, err := open(a, "/?note="+url.QueryEscape(id), 560, 520)
		return err
	})
}

func open(a *app.App, address string, width, height int) (*window.Window, error) {
	return window.New(a, window.Options{
		Title: "Notes", URL: address, Width: width, Height: height, MinWidth: 420, MinHeight: 320, Preload: preload, Background: paper,
	})
}

// watch tells every window when a file has changed, whoever changed it.
func watch(ctx context.Context, a *app.App, notes *store.Store) {
	err := notes.Watch(ctx, func(id string) {
		// Tells which note's file has changed.
		if err := a.Send("notes:changed", id); err != nil {
			log.Print(err)
		}
	})
	if err != nil {
		log.Print(err)
	}
}
