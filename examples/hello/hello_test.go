package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// The tour asks, tells and is told: it waits for the greeting and for the time, and the app prints what the page tells it.
func TestTour(t *testing.T) {
	if apptest.Dir() == "" {
		output, err := apptest.Start(t, apptest.Process{Args: []string{"-test.run=^TestTour$"}, Env: []string{"ORIEL_TOUR=1"}})
		if err != nil || !strings.Contains(output, "page: greeted world") {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	picture := filepath.Join(apptest.Dir(), "hello.png")
	t.Setenv("ORIEL_SCREENSHOT", picture)
	if err := apptest.RunApp(context.Background(), hello()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := png.Decode(bytes.NewReader(data)); err != nil || p.Bounds().Dx() != 640 || p.Bounds().Dy() != 420 {
		t.Errorf("the picture: %v", err)
	}
}
