package main

import (
	"context"
	"os"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// tour shows the app to whoever has no display: with ORIEL_TOUR=1 it does what a user would, leaves a picture of the page in the file that
// ORIEL_SCREENSHOT names, and quits.
func tour(ctx context.Context, a *app.App, w *window.Window) error {
	if os.Getenv("ORIEL_TOUR") != "1" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := w.LoadURL(ctx, "/"); err != nil {
		return err
	}
	if err := w.Eval(ctx, `new Promise((greeted) => {
		new MutationObserver(greeted).observe(document.getElementById('greeting'), { childList: true });
		document.getElementById('name').value = 'world';
		document.getElementById('form').requestSubmit();
	}).then(() => new Promise((told) => window.hello.onTime(told))).then(() => {})`, nil); err != nil {
		return err
	}
	png, err := w.Capture(ctx)
	if err != nil {
		return err
	}
	if file := os.Getenv("ORIEL_SCREENSHOT"); file != "" {
		if err := os.WriteFile(file, png, 0o644); err != nil {
			return err
		}
	}
	a.Quit()
	return nil
}
