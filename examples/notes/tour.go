package main

import (
	"context"
	"image/color"
	"os"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// paper is the colour of style.css's --paper: what a window shows before its page.
var paper = color.RGBA{0xFB, 0xFA, 0xF6, 0xFF}

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

// tourScript writes some notes, if there are none, searches and edits.
const tourScript = `(async () => {
	const until = async (ok) => { while (!ok()) await new Promise(requestAnimationFrame); };
	await until(() => document.body.dataset.ready);
	if ((await window.notes.list('')).length === 0) {
		for (const text of [
			'# Winter tyres\n\nCall the garage before the first frost. Ask about the noise at the back left wheel.',
			'# Reading\n\n- The Peregrine, J. A. Baker\n- A Month in the Country, J. L. Carr\n- Piranesi, Susanna Clarke',
			'# Sourdough, the slow way\n\nFeed the starter at nine. 500 g flour, 350 g water, 100 g starter, 10 g salt.\n\nFold every half hour, ' +
			'four times. Into the fridge overnight, and bake at 250 °C in the covered pot: 25 minutes with the lid, 20 without.\n\n' +
			'Next time: a little more water, and do not open the oven.',
		]) await window.notes.save({ id: '', text });
		await until(() => document.getElementById('list').children.length === 3);
	}
	const first = () => document.getElementById('list').firstElementChild; // the list is made anew when files change
	first().click();
	await until(() => first().hasAttribute('aria-current') && document.getElementById('text').value !== '');
	await new Promise(requestAnimationFrame);
})()`
