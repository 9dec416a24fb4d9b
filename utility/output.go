package utility

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
)

// maxLine is how much of a line gets into the log in one piece.
const maxLine = 16 << 10

// An output is the app's end of a pipe from a process.
type output struct {
	file *os.File
	log  bool
	done chan struct{} // closed when the log has it all, and from the beginning if nothing is logged
}

// lastLines is how long it is read on when the process has ended: what it has started may have left it and hold the pipe.
const lastLines = time.Second

// finish waits until the log has all that the process has written.
func (o *output) finish() {
	limit := time.NewTimer(lastLines)
	defer limit.Stop()
	select {
	case <-o.done:
	case <-limit.C:
		_ = o.file.Close()
		<-o.done
	}
}

func (o *output) reader() io.ReadCloser {
	if o == nil || o.log {
		return nil
	}
	return o.file
}

// output opens what the process writes to; the files are its descriptors from 0.
func (p *Process) output() (files []*os.File, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	files = []*os.File{null}
	for i, s := range []Stream{p.o.Stdio.Stdout, p.o.Stdio.Stderr} {
		switch s {
		case Inherit:
			files = append(files, []*os.File{os.Stdout, os.Stderr}[i])
		case Ignore:
			files = append(files, null)
		default:
			r, w, err := os.Pipe()
			if err != nil {
				p.closeOutput()
				closeFiles(files)
				return nil, err
			}
			files = append(files, w)
			p.out[i] = p.collect(r, s == Log, []string{"stdout", "stderr"}[i])
		}
	}
	return files, nil
}

// closeFiles closes what output has opened, and not the app's own streams.
func closeFiles(files []*os.File) {
	for _, f := range files {
		if f != os.Stdout && f != os.Stderr {
			_ = f.Close()
		}
	}
}

func (p *Process) closeOutput() {
	for _, o := range p.out {
		if o != nil {
			_ = o.file.Close()
		}
	}
}

// collect reads what is for the log.
func (p *Process) collect(r *os.File, log bool, stream string) *output {
	o := &output{file: r, log: log, done: make(chan struct{})}
	if !log {
		close(o.done)
		return o
	}
	to := p.o.Log.Named(p.o.ServiceName)
	go func() {
		defer close(o.done)
		defer r.Close()
		lines := bufio.NewReaderSize(r, maxLine)
		for {
			line, _, err := lines.ReadLine()
			if err != nil {
				return
			}
			to.Info(readable(line), zap.String("stream", stream))
		}
	}()
	return o
}

// readable is a line as it can stand in a log: what would steer a terminal, hide text, or is no text at all is written as in Go's quotes. A
// process in a sandbox must not be able to write to the terminal what it likes.
func readable(line []byte) string {
	var s strings.Builder
	for len(line) > 0 {
		if n := plain(line); n > 0 {
			s.Write(line[:n])
			line = line[n:]
			continue
		}
		r, n := utf8.DecodeRune(line)
		switch {
		case r == utf8.RuneError && n == 1:
			s.WriteString(`\x`)
			s.WriteString(strconv.FormatUint(uint64(line[0]), 16))
		case r == '\t' || strconv.IsGraphic(r):
			s.Write(line[:n])
		default:
			quoted := strconv.QuoteRune(r)
			s.WriteString(quoted[1 : len(quoted)-1])
		}
		line = line[n:]
	}
	return s.String()
}

// plain counts the bytes before the first that has to be looked at.
func plain(line []byte) int {
	for i, b := range line {
		if b < ' ' || b > '~' {
			return i
		}
	}
	return len(line)
}
