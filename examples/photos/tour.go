package main

import (
	"context"
	"image/color"
	"os"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// night is the colour of style.css's --ground: what a window shows before its page.
var night = color.RGBA{0x15, 0x16, 0x1A, 0xFF}

// tour shows the app to whoever has no display: with ORIEL_TOUR=1 it does what a user would, leaves a picture of the page in the file that
// ORIEL_SCREENSHOT names, and quits.
func tour(ctx context.Context, a *app.App, w *window.Window) error {
	if os.Getenv("ORIEL_TOUR") != "1" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	if err := w.LoadURL(ctx, "/"); err != nil {
		return err
	}
	if err := w.Eval(ctx, tourScript, nil); err != nil {
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

// tourScript kills the thumbnailer while it works, and waits until all thumbnails are there.
const tourScript = `(async () => {
	const until = async (ok) => { while (!ok()) await new Promise(requestAnimationFrame); };
	const shown = () => document.querySelectorAll('#wall img').length;
	await until(() => shown() > 4);
	document.getElementById('kill').click();
	await until(() => document.body.dataset.ready);
	const images = [...document.querySelectorAll('#wall img')].slice(0, 30);
	await Promise.all(images.map((image) => image.decode()));
	await new Promise(requestAnimationFrame);
})()`
