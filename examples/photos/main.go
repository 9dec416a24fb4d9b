// Command photos shows a folder of pictures. It decodes none of them itself: a sandboxed utility process makes the thumbnails and sends
// them to the page through a message port.
package main

import (
	"context"
	"embed"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

//go:embed ui
var ui embed.FS

// preload is what oriel generate makes of serve; portal hands message ports on to the page.
var (
	//go:embed preload.js
	preload string
	//go:embed portal.js
	portal string
)

func main() {
	a := app.New(app.Options{Name: "oriel-photos", Pages: pages.FS(ui, pages.Folder("ui"))})
	a.OnReady(func(ctx context.Context) error {
		folder := ""
		if len(os.Args) > 1 {
			folder = os.Args[1]
		}
		w, err := start(ctx, a, folder)
		if err != nil {
			return err
		}
		return tour(ctx, a, w)
	})
	if err := a.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// start shows the pictures of a folder; "" is one of the app's own, with pictures that it draws.
func start(ctx context.Context, a *app.App, folder string) (*window.Window, error) {
	if folder == "" {
		folder = filepath.Join(a.DataDir(), "pictures")
		if err := drawPictures(folder, 120); err != nil {
			return nil, err
		}
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	thumbnailer := utility.Supervise(ctx, "thumbnails", utility.Options{
		ServiceName: "Thumbnails",
		Args:        []string{folder},
		Sandbox:     utility.Sandbox{Read: []string{folder}},
		Limits:      utility.Limits{Memory: 1 << 30},
		Stdio:       utility.Stdio{Stdout: utility.Log, Stderr: utility.Log},
		Log:         a.Log(),
	}, utility.Restart{Limit: 12}, nil) // a few pictures that end it, three times each, are no reason to give up
	serve(a, folder, thumbnailer)
	return window.New(a, window.Options{
		Title: "Photos", Width: 1080, Height: 720, MinWidth: 480, MinHeight: 360, Preload: preload + portal, Background: night,
	})
}

// A Thumbnailer is the process that makes the thumbnails.
type Thumbnailer struct {
	PID int `json:"pid"`
}

//go:generate go run github.com/oriel-go/oriel/cmd/oriel generate

// serve answers what the page asks. Thumbnails are not among it: they go through the port.
func serve(a *app.App, folder string, thumbnailer *utility.Supervisor) {
	// Lists the names of the pictures.
	ipc.HandleFunc(a.IPC(), "photos:list", func() ([]string, error) { return list(folder) })
	// Sends the page a port to the thumbnailer that runs, or is about to run. When the port closes, that has ended: connect again.
	ipc.HandleFunc(a.IPC(), "photos:connect", func(ctx context.Context) (Thumbnailer, error) {
		p, err := thumbnailer.Current(ctx)
		if err != nil {
			return Thumbnailer{}, err
		}
		pid := p.PID()
		pages, processes := ipc.NewMessageChannel()
		if err := p.Post(processes); err != nil {
			processes.Close() // the process has just ended; the page sees its port close and asks again
		}
		return Thumbnailer{PID: pid}, ipc.FrameFrom(ctx).PostMessage("photos:port", nil, pages)
	})
	// Kills the thumbnailer, to show that nothing comes of it.
	ipc.HandleFunc(a.IPC(), "photos:kill", func(ctx context.Context) error {
		p, err := thumbnailer.Current(ctx)
		if err != nil {
			return err
		}
		if pid := p.PID(); pid != 0 {
			return syscall.Kill(pid, syscall.SIGKILL)
		}
		return nil
	})
}

// kinds are the endings of names of pictures.
var kinds = []string{".jpg", ".jpeg", ".png", ".gif"}

// list returns the names of the pictures in a folder, in order.
func list(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("the folder of pictures: %w", err)
	}
	for _, e := range entries {
		if kind := strings.ToLower(filepath.Ext(e.Name())); e.Type().IsRegular() && slices.Contains(kinds, kind) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
