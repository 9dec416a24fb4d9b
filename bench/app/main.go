// Command app is Oriel's side of the bench: app JOBS PROFILE, the same page as the raw host's, with Go at the other end of a call.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/oriel-go/oriel/bench/page"
	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

//go:embed preload.js
var preload string

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: app idle|JOBS PROFILE")
	}
	address := "/index.html?"
	if os.Args[1] != "idle" {
		address += "jobs=" + os.Args[1]
	}
	mux := http.NewServeMux()
	a := app.New(app.Options{Name: "bench", Pages: mux, DataDir: os.Args[2]})
	mux.Handle("/", pages.FS(page.Files))
	mux.HandleFunc("/report", func(_ http.ResponseWriter, r *http.Request) { report(a, r.URL.RawQuery) })
	serve(a.IPC())
	a.OnReady(func(context.Context) error {
		if os.Getenv("ORIEL_BENCH_SWITCHES") != "" {
			printSwitches()
		}
		for i := range windows(os.Args[1]) {
			o := window.Options{Width: 800, Height: 600, URL: address + fmt.Sprintf("&window=%d", i), Preload: preload}
			if _, err := window.New(a, o); err != nil {
				return err
			}
		}
		return nil
	})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		a.Quit()
	}()
	if err := a.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// windows is how many windows do the jobs: N for "flight:N:…", else one.
func windows(jobs string) int {
	n := 1
	_, _ = fmt.Sscanf(jobs, "flight:%d:", &n)
	return n
}

// report prints what the page found, and ends the app after its last job.
func report(a *app.App, query string) {
	line, err := url.PathUnescape(query)
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(strings.ReplaceAll(line, "\n", " "))
	if strings.Contains(line, `"event":"done"`) {
		a.Quit()
	}
}

// printSwitches tells what Chromium really runs with, so that the bench can see that both sides have the same.
func printSwitches() {
	var argv []string
	line := cef.CommandLineGetGlobal()
	defer line.Release()
	line.GetArgv(&argv)
	for _, s := range argv[1:] {
		text, err := json.Marshal(map[string]string{"event": "switch", "switch": s})
		if err == nil {
			fmt.Println(string(text))
		}
	}
}
