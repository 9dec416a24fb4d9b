package fetch

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// console writes lines, and a bar where the output is a terminal. Elsewhere a bar becomes a line for each quarter of the way.
type console struct {
	w    io.Writer
	tty  bool
	open bool // a bar stands in the current line
}

func newConsole(w io.Writer) *console {
	c := &console{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		c.tty = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	return c
}

func (c *console) line(format string, args ...any) {
	if c.w == nil {
		return
	}
	if c.open {
		fmt.Fprint(c.w, "\r\x1b[K")
		c.open = false
	}
	fmt.Fprintf(c.w, format+"\n", args...)
}

// bar is the progress of one piece of work.
type bar struct {
	c       *console
	title   string
	total   int64 // 0: not known
	done    int64
	quarter int64
	drawn   time.Time
}

func (c *console) bar(title string, total int64) *bar {
	b := &bar{c: c, title: title, total: total}
	if c.w != nil && !c.tty {
		if total > 0 {
			c.line("%s (%s)", title, bytesText(total))
		} else {
			c.line("%s", title)
		}
	}
	return b
}

// Write counts, so that a bar can stand at the end of an io.TeeReader or io.MultiWriter.
func (b *bar) Write(p []byte) (int, error) {
	b.set(b.done + int64(len(p)))
	return len(p), nil
}

func (b *bar) set(done int64) {
	if b.total > 0 {
		done = min(done, b.total)
	}
	b.done = done
	switch {
	case b.c.w == nil:
	case b.c.tty:
		if now := time.Now(); now.Sub(b.drawn) > 80*time.Millisecond || done == b.total {
			b.drawn = now
			b.draw()
		}
	case b.total > 0 && done*4/b.total > b.quarter:
		b.quarter = done * 4 / b.total
		b.c.line("%s: %d %%", b.title, b.quarter*25)
	}
}

func (b *bar) draw() {
	const width = 30
	text := bytesText(b.done)
	if b.total > 0 {
		full := int(b.done * width / b.total)
		text = fmt.Sprintf("[%s%s] %3d %%  %s of %s", strings.Repeat("#", full), strings.Repeat("-", width-full), b.done*100/b.total, text, bytesText(b.total))
	}
	fmt.Fprintf(b.c.w, "\r\x1b[K%s %s", b.title, text)
	b.c.open = true
}

// end leaves a full bar in its line and clears another away.
func (b *bar) end() {
	if !b.c.open {
		return
	}
	if b.total > 0 && b.done == b.total {
		fmt.Fprintln(b.c.w)
	} else {
		fmt.Fprint(b.c.w, "\r\x1b[K")
	}
	b.c.open = false
}

func bytesText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
