package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// drawPictures makes a folder of n landscapes, unless it is there. It comes whole or not at all.
func drawPictures(folder string, n int) error {
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	draft := folder + ".new"
	if err := errors.Join(os.RemoveAll(draft), os.MkdirAll(draft, 0o700)); err != nil {
		return err
	}
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		all.Go(func() error {
			file, err := os.Create(filepath.Join(draft, fmt.Sprintf("landscape %03d.jpg", i+1)))
			if err != nil {
				return err
			}
			return errors.Join(jpeg.Encode(file, landscape(uint64(i), 960, 640), &jpeg.Options{Quality: 90}), file.Close())
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return os.Rename(draft, folder)
}

// A wave is part of a range of hills.
type wave struct{ length, height, shift float64 }

// landscape draws ranges of hills before a sky with a sun. The same number gives the same picture.
func landscape(number uint64, width, height int) image.Image {
	random := rand.New(rand.NewPCG(number, 1))
	between := func(low, high float64) float64 { return low + random.Float64()*(high-low) }
	warm := between(-.1, .13) // from pink to yellow
	zenith, horizon := hsv(between(.5, .72), between(.25, .6), between(.3, .8)), hsv(warm, between(.15, .5), between(.85, 1))
	near, sun := hsv(between(.4, .75), between(.2, .5), between(.1, .2)), hsv(warm+.04, .15, 1)
	w, h := float64(width), float64(height)
	sunX, sunY, sunR := between(.15, .85)*w, between(.15, .45)*h, between(.04, .1)*h

	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		sky := mix(zenith, horizon, min(1, float64(y)/(.65*h)))
		for x := range width {
			distance := math.Hypot(float64(x)-sunX, float64(y)-sunY)
			glow := min(1, max(0, sunR+1-distance)) // a soft edge of one pixel
			glow = max(glow, .45*math.Exp(-distance/(4*sunR)))
			m.SetRGBA(x, y, mix(sky, sun, glow))
		}
	}
	const ranges = 5
	for i := range ranges {
		depth := float64(i+1) / ranges // 1 is the nearest
		tone := mix(horizon, near, .15+.85*depth)
		base := h * (.42 + .45*depth*between(.85, 1))
		waves := make([]wave, 6)
		for k := range waves {
			size := math.Pow(.5, float64(k))
			waves[k] = wave{w * size * between(.5, 1), h * .09 * size * between(.6, 1.4), between(0, 2*math.Pi)}
		}
		for x := range width {
			top := base
			for _, v := range waves {
				top += v.height * math.Sin(2*math.Pi*float64(x)/v.length+v.shift)
			}
			for y := max(0, int(top)); y < height; y++ {
				mist := .25 * (1 - depth) * min(1, (float64(y)-top)/(.3*h))
				m.SetRGBA(x, y, mix(tone, horizon, max(0, mist)))
			}
		}
	}
	return m
}

// mix returns a colour between a and b: a for 0, b for 1.
func mix(a, b color.RGBA, share float64) color.RGBA {
	part := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share + .5) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 0xFF}
}

// hsv makes a colour of hue, saturation and value, each from 0 to 1; a hue goes round.
func hsv(hue, saturation, value float64) color.RGBA {
	part := func(n float64) uint8 {
		k := math.Mod(n+hue*6+6, 6)
		return uint8(255 * (value - value*saturation*max(0, min(k, 4-k, 1))))
	}
	return color.RGBA{part(5), part(3), part(1), 0xFF}
}
