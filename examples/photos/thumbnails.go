package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // decodes GIF
	"image/jpeg"
	_ "image/png" // decodes PNG
	"io"
	"os"

	"golang.org/x/image/draw"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/utility"
)

// thumbnailSide is the most pixels that a thumbnail is wide or high.
const thumbnailSide = 400

// maxPixels is the most pixels that a picture may have. What takes too much memory nevertheless meets the limit of the process.
const maxPixels = 128 << 20

func init() { utility.Register("thumbnails", thumbnails) }

// A Thumbnail is what the process posts for each name that a page posts. The first message of all is "ready".
type Thumbnail struct {
	Name  string `json:"name"`
	JPEG  []byte `json:"jpeg"`
	Error string `json:"error"` // why there is no picture
}

// thumbnails runs in a process of its own, which may read one folder and do nothing else. Every port that it is sent is a page's.
func thumbnails(ctx context.Context, p *utility.Port) error {
	folder, err := os.OpenRoot(utility.Args()[0])
	if err != nil {
		return err
	}
	utility.OnMessage(p, func(_ context.Context, page *ipc.Port) {
		ipc.OnMessage(page, func(_ context.Context, name string) {
			t := Thumbnail{Name: name}
			if small, err := thumbnail(folder, name); err == nil {
				t.JPEG = small
			} else {
				t.Error = err.Error()
			}
			_ = page.Post(t) // it fails when the page has gone, which needs nothing more
		})
		page.Start()
		_ = page.Post("ready")
	})
	return p.Serve(ctx)
}

// thumbnail returns a picture of the folder, made small.
func thumbnail(folder *os.Root, name string) ([]byte, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head, _, err := image.DecodeConfig(file)
	if err != nil {
		return nil, err
	}
	if head.Width <= 0 || head.Height <= 0 {
		return nil, errors.New("the picture is empty")
	}
	if head.Height > maxPixels/head.Width {
		return nil, fmt.Errorf("%d × %d pixels are too many", head.Width, head.Height)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	large, _, err := image.Decode(file)
	if err != nil {
		return nil, err
	}
	small := image.NewRGBA(fit(head.Width, head.Height))
	draw.BiLinear.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, upright(small, orientation(file)), &jpeg.Options{Quality: 85})
	return out.Bytes(), err
}

// fit returns the size of a thumbnail: the picture's, or the largest of its shape within thumbnailSide.
func fit(width, height int) image.Rectangle {
	side := max(width, height)
	if side <= thumbnailSide {
		return image.Rect(0, 0, width, height)
	}
	return image.Rect(0, 0, max(1, width*thumbnailSide/side), max(1, height*thumbnailSide/side))
}
