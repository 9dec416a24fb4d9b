package engine

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A logPipe brings libcef's log lines, of all its processes, into the app's log. libcef insists on a file; it gets a named pipe.
type logPipe struct {
	path string
	pipe *os.File
	done chan struct{}
}

func openLog(dataDir string, log *zap.Logger) (*logPipe, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("the app's data folder cannot be made: %w", err)
	}
	p := &logPipe{path: filepath.Join(dataDir, "log.pipe"), done: make(chan struct{})}
	os.Remove(p.path)
	if err := syscall.Mkfifo(p.path, 0o600); err != nil {
		return nil, fmt.Errorf("the pipe for libcef's log cannot be made: %s: %w", p.path, err)
	}
	// Open for both ways: a writer never waits for a reader, and the reader sees no end while writers come and go.
	pipe, err := os.OpenFile(p.path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("the pipe for libcef's log cannot be opened: %w", err)
	}
	p.pipe = pipe
	go p.read(log.Named("cef"))
	return p, nil
}

func (p *logPipe) close() {
	p.pipe.Close()
	<-p.done
	os.Remove(p.path)
}

// A line reads "[pid:MMDD/HHMMSS.micros:LEVEL:file(line)] text".
var logLine = regexp.MustCompile(`^\[(?:(\d+):)?(?:\d+/[\d.]+:)?([A-Z]+)\d*:([^\]]*)\] (.*)$`)

var logLevels = map[string]zapcore.Level{
	"VERBOSE": zapcore.DebugLevel, "INFO": zapcore.InfoLevel, "WARNING": zapcore.WarnLevel, "ERROR": zapcore.ErrorLevel, "FATAL": zapcore.ErrorLevel,
}

func (p *logPipe) read(log *zap.Logger) {
	defer close(p.done)
	r := bufio.NewReaderSize(p.pipe, 16<<10)
	for {
		line, err := r.ReadSlice('\n')
		if len(line) > 0 {
			p.write(log, string(line))
		}
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
}

func (p *logPipe) write(log *zap.Logger, line string) {
	if line[len(line)-1] == '\n' {
		line = line[:len(line)-1]
	}
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		log.Info(line)
		return
	}
	log.Log(logLevels[m[2]], m[4], zap.String("pid", m[1]), zap.String("at", m[3]))
}
