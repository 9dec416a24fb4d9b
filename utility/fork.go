package utility

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility/internal/keeper"
	"github.com/oriel-go/oriel/utility/internal/socket"
	"github.com/oriel-go/oriel/utility/port"
)

// Fork starts a utility process: the registered function of that name, or Options.Program under that name. It returns when the process
// runs, which is a moment before its port is up ([Process.Ready]). Messages may be sent at once; they arrive in order. The end of ctx ends
// the process as [Process.Kill] does.
func Fork(ctx context.Context, name string, o Options) (*Process, error) {
	err := inApp()
	var p *Process
	if err == nil {
		p, err = fork(ctx, name, o)
	}
	if err != nil {
		return nil, fmt.Errorf("utility: fork %q: %w", name, err)
	}
	return p, nil
}

func fork(ctx context.Context, name string, o Options) (*Process, error) {
	if err := o.complete(name); err != nil {
		return nil, err
	}
	spec, err := o.spec(name)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socket.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	p := &Process{name: name, o: o, done: make(chan struct{}), ready: make(chan struct{}), begun: time.Now()}
	files, err := p.output()
	if err != nil {
		_ = ours.Close()
		return nil, err
	}
	spec.Files, spec.Apart = append(files, theirs), !o.Sandbox.Off
	p.child, err = keeper.Spawn(ctx, spec)
	closeFiles(files)
	if err != nil {
		_ = ours.Close()
		p.closeOutput()
		return nil, err
	}
	if why := p.child.Shared(); why != nil {
		o.Log.Warn("utility processes can see the numbers of the user's other processes", zap.String("service", o.ServiceName), zap.Error(why))
	}
	return p, p.begin(ctx, ours)
}

// spec says what the keeper is to start.
func (o *Options) spec(name string) (keeper.Spec, error) {
	free := o.Sandbox.Off && o.Limits == (Limits{})
	s := setup{Name: name, Args: o.Args, Rules: o.rules(), Confined: free}
	shown := name
	if o.Program != "" {
		path, err := exec.LookPath(o.Program)
		if err == nil {
			path, err = filepath.Abs(path) // the process begins in Dir
		}
		if err != nil {
			return keeper.Spec{}, err
		}
		argv := append([]string{o.Program}, o.Args...)
		if free {
			return keeper.Spec{Path: path, Argv: argv, Env: o.environment(), Dir: o.Dir}, nil
		}
		s.Args, s.Program, s.Rules.Program = nil, &program{path, argv}, path
		shown = programArgument
	}
	text, err := s.text()
	if err != nil {
		return keeper.Spec{}, err
	}
	return keeper.Spec{Path: "/proc/self/exe", Argv: []string{os.Args[0], argument + shown}, Dir: o.Dir,
		Env: o.environment(variable + "=" + text)}, nil
}

// begin makes the port and watches over the process.
func (p *Process) begin(ctx context.Context, ours *os.File) error {
	p.late = time.AfterFunc(p.o.StartWithin, p.neverUp) // before the port can say hello
	var err error
	p.port, err = port.New(ours, port.Options{Router: p.o.Router, Name: p.o.ServiceName, Log: p.o.Log.Named(p.o.ServiceName),
		Hello: p.hello, Reserved: p.reserved})
	if err != nil {
		p.late.Stop()
		p.child.Signal(killSignal)
		return err
	}
	living.add(p)
	p.unbind = context.AfterFunc(ctx, p.Kill)
	go p.watch()
	return nil
}

// reserved hears what the process says of itself.
func (p *Process) reserved(channel string, args router.Args) {
	if channel != port.ChannelError || p.reported.Swap(true) {
		return // nothing is heard twice, or a hostile process could keep the functions of OnError, and its own end, busy
	}
	var message, stack string
	_ = args.Decode(0, &message)
	_ = args.Decode(1, &stack)
	p.fail(&Error{Message: cut(message, maxMessage), Stack: cut(stack, maxStack)}, false)
}

// What a process says of its end gets into logs, so that has bounds.
const (
	maxMessage = 16 << 10
	maxStack   = 64 << 10
)

func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + " …"
}

// errNeverUp is about a process that does not say that its port is up.
var errNeverUp = errors.New("the process did not open its port in time")

// neverUpError is that with what mostly is the reason.
func (p *Process) neverUpError() error {
	if p.o.Program != "" {
		return fmt.Errorf("%w (%v): it has to say hello first, as package utility/child does", errNeverUp, p.o.StartWithin)
	}
	return fmt.Errorf("%w (%v); its main function must begin with utility.Main or app.New", errNeverUp, p.o.StartWithin)
}
