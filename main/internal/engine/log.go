package engine

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/oriel-go/oriel/cef"
)

// A logPipe brings the log lines of libcef, from all its processes, into the app's log. They arrive at a named pipe: the browser
// process is led to it by cef.DivertStderr, and it is the standard error of every other process, which opens it before it enters its
// sandbox. (libcef's own log file will not do: libcef deletes what it finds at that path, hands the path to only some of its processes,
// and writes errors to standard error all the same.)
type logPipe struct {
	path string
	pipe *os.File
	end  string // the line after the last one
	in   int    // writing end of this process
	done chan struct{}
	once sync.Once

	errors []string // the first lines about errors; to be read after close
}

// Bounds of what is taken: the processes of pages write here, too.
const (
	maxLogLine     = 8 << 10 // bytes; the rest of a longer line is dropped
	maxLogRate     = 2000    // lines in a second; the rest is counted
	maxErrors      = 4       // lines that are kept for who asks why libcef has not started
	logPipePattern = "log.*.pipe"
)

func openLog(dataDir string, log *zap.Logger) (*logPipe, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("the app's data folder cannot be made: %w", err)
	}
	removeStalePipes(dataDir)
	p := &logPipe{end: rand.Text(), done: make(chan struct{}), path: filepath.Join(dataDir, fmt.Sprintf("log.%d.pipe", os.Getpid()))}
	os.Remove(p.path)
	if err := syscall.Mkfifo(p.path, 0o600); err != nil {
		return nil, fmt.Errorf("the pipe for libcef's log cannot be made: %s: %w", p.path, err)
	}
	// Open for both ways, so that the reader sees no end while writers come and go.
	pipe, err := os.OpenFile(p.path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err == nil {
		p.pipe = pipe
		p.in, err = syscall.Open(p.path, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	}
	if err != nil {
		os.Remove(p.path)
		return nil, fmt.Errorf("the pipe for libcef's log cannot be opened: %s: %w", p.path, err)
	}
	go p.read(log.Named("cef").WithOptions(zap.WithCaller(false)))
	if err := cef.DivertStderr(p.in); err != nil {
		log.Warn("libcef's errors also go to standard error", zap.Error(err))
	}
	return p, nil
}

// removeStalePipes removes pipes that an app left which did not get to its end: the process is gone, and nobody reads.
func removeStalePipes(dataDir string) {
	paths, _ := filepath.Glob(filepath.Join(dataDir, logPipePattern))
	for _, path := range paths {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(path), ".")[1])
		if err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		if err == nil {
			syscall.Close(fd)
		}
		if errors.Is(err, syscall.ENXIO) {
			os.Remove(path)
		}
	}
}

// close waits until all that was written has been logged. The writing end stays open: a thread of libcef's may be about to use it.
func (p *logPipe) close() { p.once.Do(p.finish) }

func (p *logPipe) finish() {
	cef.DivertStderr(-1)
	os.Remove(p.path)
	p.pipe.SetReadDeadline(time.Now().Add(time.Second)) // should the last line not get through
	syscall.Write(p.in, []byte("\n"+p.end+"\n"))
	<-p.done
	p.pipe.Close()
}

// read logs lines until the end.
func (p *logPipe) read(log *zap.Logger) {
	defer close(p.done)
	lines := lineReader{r: bufio.NewReaderSize(p.pipe, maxLogLine)}
	var rate rateLimit
	for {
		line, err := lines.next()
		if err != nil || line == p.end {
			rate.report(log)
			return
		}
		if line != "" && rate.allow(time.Now(), log) {
			level, text := logLine(log, line)
			if level >= zapcore.ErrorLevel && len(p.errors) < maxErrors {
				p.errors = append(p.errors, text)
			}
		}
	}
}

// A lineReader reads lines of which none is longer than its buffer.
type lineReader struct {
	r *bufio.Reader
}

// next returns the next line without its end. Of one that is too long it returns the beginning.
func (l lineReader) next() (string, error) {
	line, err := l.r.ReadSlice('\n')
	text := strings.TrimSuffix(string(line), "\n")
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.r.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && text != "" {
		err = nil
	}
	return text, err
}

// A rateLimit counts lines by the second.
type rateLimit struct {
	second        int64
	lines, missed int
}

func (r *rateLimit) allow(now time.Time, log *zap.Logger) bool {
	if s := now.Unix(); s != r.second {
		r.report(log)
		*r = rateLimit{second: s}
	}
	r.lines++
	if r.lines > maxLogRate {
		r.missed++
		return false
	}
	return true
}

func (r *rateLimit) report(log *zap.Logger) {
	if r.missed > 0 {
		log.Warn("too many lines in a second", zap.Int("dropped", r.missed))
	}
}

// A line reads "[pid:MMDD/HHMMSS.micros:LEVEL:file:line] text". What has another form comes from a library that Chromium uses.
var logForm = regexp.MustCompile(`^\[(?:(\d+):)?(?:\d+/[\d.]+:)?([A-Z]+)-?\d*:([^\]]*)\] (.*)$`)

var logLevels = map[string]zapcore.Level{
	"VERBOSE": zapcore.DebugLevel, "INFO": zapcore.InfoLevel, "WARNING": zapcore.WarnLevel, "ERROR": zapcore.ErrorLevel, "FATAL": zapcore.ErrorLevel,
}

// harmless are lines of every start that ask for nothing to be done, by the file of Chromium's that writes them.
var harmless = []string{
	"base/memory/shared_memory_switch.cc:",                       // a utility process is promised a salt for traces and not given it: it makes its own
	"chrome/browser/signin/account_consistency_mode_manager.cc:", // no Google account in an app
}

// logLine logs a line and returns what it says.
func logLine(log *zap.Logger, line string) (level zapcore.Level, text string) {
	line = printable(line)
	m := logForm.FindStringSubmatch(line)
	if m == nil {
		log.Warn(line)
		return zapcore.WarnLevel, line
	}
	level = logLevels[m[2]]
	for _, prefix := range harmless {
		if strings.HasPrefix(m[3], prefix) && m[2] != "FATAL" {
			level = zapcore.DebugLevel
		}
	}
	log.Log(level, m[4], zap.String("pid", m[1]), zap.String("at", m[3]))
	return level, m[4]
}

// printable takes from a line what could command a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}
