// Package channels finds out, from an app's Go source, which messages its pages may send, ask and hear. The app is type-checked, not run.
//
// It looks for calls of main/ipc's Handle, HandleOnce, HandleFunc, On, Once, OnFunc, Reply, Invoke and NewBlock, and for Send and Invoke of apps, windows
// and frames. Their channel has to be a constant. A comment //oriel:hidden at the call, or above it, leaves the call out.
package channels

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Kind says who speaks on a channel, and whether there is an answer.
type Kind int

// The kinds, named for what ipcRenderer has for them.
const (
	Invoke Kind = iota // the page asks, Go answers
	Send               // the page tells
	On                 // Go tells
	Handle             // Go asks, the page answers
	Block              // Go changes a block, the page has a copy
)

// A Channel is one channel in one of the kinds.
type Channel struct {
	Name   string
	Kind   Kind
	Params []Param
	Result types.Type // of the answer; nil if there is none
	Doc    string
	At     token.Position // of the first call
}

// A Param is an argument of the messages on a channel.
type Param struct {
	Name     string       // "" if the source has none that could be used
	Types    []types.Type // one, or for what Go sends one for each different type; none for unknown
	Rest     bool         // any number of them
	Optional bool         // some messages come without it
	ignored  bool         // the handler does not look at it
}

// A Fault is something in the source that stops the generator.
type Fault struct {
	At   token.Position
	Text string
}

// Error is "file:line:column: what", or what alone where the place is not known.
func (f Fault) Error() string {
	if f.At == (token.Position{}) {
		return f.Text
	}
	return fmt.Sprintf("%s: %s", f.At, f.Text)
}

// Faults are all that was found, in the order of the source.
type Faults []Fault

func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Sorted returns the faults in the order of the source, each once.
func (fs Faults) Sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int { return cmp.Or(comparePositions(a.At, b.At), strings.Compare(a.Text, b.Text)) })
	return slices.Compact(fs)
}

func comparePositions(a, b token.Position) int {
	return cmp.Or(strings.Compare(a.Filename, b.Filename), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// found is one call.
type found struct {
	Channel
	call string // the function called, for texts
}

// merge makes one Channel of all calls for the same channel and kind.
func merge(all []found) ([]Channel, Faults) {
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind), comparePositions(a.At, b.At))
	})
	var merged []Channel
	var faults Faults
	for _, f := range all {
		if n := len(merged) - 1; n >= 0 && merged[n].Name == f.Name && merged[n].Kind == f.Kind {
			if fault := merged[n].add(f); fault != "" {
				faults = append(faults, Fault{f.At, fault})
			}
			continue
		}
		merged = append(merged, f.Channel)
	}
	for i := range merged {
		merged[i].Params = slices.DeleteFunc(merged[i].Params, func(p Param) bool { return p.ignored })
	}
	return merged, faults
}

// add takes in another call for the same channel and kind, and says what speaks against it. What pages ask and tell has one type, because
// it is up to the router which function hears it. What they hear may have several.
func (c *Channel) add(f found) string {
	if c.Doc == "" {
		c.Doc = f.Doc
	}
	if c.Kind == On {
		c.widen(f.Params)
		return ""
	}
	same := sameResult(c.Result, f.Result)
	for i := range max(len(c.Params), len(f.Params)) {
		switch {
		case i >= len(c.Params):
			same = same && f.Params[i].indifferent()
		case i >= len(f.Params):
			same = same && c.Params[i].indifferent()
		default:
			same = same && c.Params[i].takes(f.Params[i])
		}
	}
	if !same {
		return fmt.Sprintf("%s(%q) has other types here than at %s: one channel has one type in all routers", f.call, c.Name, c.At)
	}
	return ""
}

func sameResult(a, b types.Type) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return types.Identical(a, b)
}

// indifferent says whether the handler takes anything there, or nothing.
func (p Param) indifferent() bool { return p.ignored && (len(p.Types) == 0 || isAny(p.Types[0])) }

// takes makes p what both it and q accept, and reports whether there is such a thing.
func (p *Param) takes(q Param) bool {
	switch {
	case q.indifferent():
		return true
	case p.indifferent():
		*p = q
		return true
	}
	if p.Rest != q.Rest || !slices.EqualFunc(p.Types, q.Types, types.Identical) {
		return false
	}
	if p.ignored {
		*p = q
	}
	return true
}

// widen lets each parameter be what another message has there too.
func (c *Channel) widen(params []Param) {
	for i, q := range params {
		if i == len(c.Params) {
			q.Optional = !q.Rest
			c.Params = append(c.Params, q)
			continue
		}
		p := &c.Params[i]
		p.Rest = p.Rest || q.Rest
		p.Optional = p.Optional && !p.Rest
		for _, t := range q.Types {
			if len(p.Types) > 0 && !slices.ContainsFunc(p.Types, func(u types.Type) bool { return types.Identical(t, u) }) {
				p.Types = append(p.Types, t)
			}
		}
		if len(q.Types) == 0 {
			p.Types = nil
		}
		if p.Rest {
			p.Types, c.Params = nil, c.Params[:i+1]
			return
		}
	}
	for i := len(params); i < len(c.Params); i++ {
		c.Params[i].Optional = !c.Params[i].Rest
	}
}

func isAny(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.Empty()
}
