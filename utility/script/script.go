// Package script runs JavaScript in a utility process, as utilityProcess.fork does in Electron, by an engine in pure Go (goja).
//
//	p, err := script.Fork(ctx, script.Source{Name: "utility.js", Text: text}, utility.Options{})
//
// The script has process.parentPort, with the messages of the app as events, process.argv, env, pid, cwd and exit, timers, queueMicrotask,
// structuredClone, console, MessageChannel and its ports. Its language is ECMAScript 2017 with most of what came later, classes, async functions and BigInt among it.
//
// It is not Node: there are no modules, neither require nor import, no Buffer, no fs, net, http or child_process, no fetch, URL or
// TextEncoder, no worker threads, no WebAssembly, and no just-in-time compiler, so heavy computing is some twenty to a hundred times
// slower. What needs more of that belongs into a Go function; see package utility.
//
// Apps that do not import this package do not carry the engine.
package script

import (
	"context"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

const (
	// name is what scripts are registered as.
	name = "oriel-script"
	// channelSource brings the script: [name, text]. It is the first message of all.
	channelSource = "script:source"
)

// A Source is a script's text, under the name that its errors show.
type Source struct{ Name, Text string }

func init() { utility.Register(name, run) }

// Fork starts a process that runs the script. Post reaches its process.parentPort as a message event with the value as data, and what it
// posts comes out at the process's port. The process ends when the script calls process.exit, when it fails, which is told like any
// function's error, with its stack, and when neither a listener for messages nor a timer is left.
func Fork(ctx context.Context, s Source, o utility.Options) (*utility.Process, error) {
	if len(s.Text) > protocol.MaxPacket/2 {
		return nil, fmt.Errorf("script %s: %w: %d bytes", s.Name, protocol.ErrLimit, len(s.Text))
	}
	if o.ServiceName == "" {
		o.ServiceName = s.Name
	}
	p, err := utility.Fork(ctx, name, o)
	if err != nil {
		return nil, err
	}
	if err := p.Port().Send(channelSource, s.Name, s.Text); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// run is the process's function.
func run(ctx context.Context, p *utility.Port) error {
	m := newMachine(ctx, p)
	remove := router.OnFunc(p.IPC(), channelSource, func(name, text string) { m.load(Source{name, text}) })
	defer remove()
	router.On(p.IPC(), "message", m.deliver)
	p.Start()
	return m.run()
}
