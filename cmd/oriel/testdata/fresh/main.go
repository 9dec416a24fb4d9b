// Command fresh embeds a preload that has not been generated yet.
package main

import (
	_ "embed"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

//go:embed preload.js
var preload string

func main() {
	a := app.New(app.Options{})
	ipc.HandleFunc(a.IPC(), "greet", func(name string) string { return "Hello, " + name })
	_, _ = window.New(a, window.Options{Preload: preload})
}
