package window

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/devtools"
	"github.com/oriel-go/oriel/main/ipc"
)

// A ScriptError is what a script threw, or what its promise was rejected with.
type ScriptError struct {
	Text         string // the error as the console would print it, with its stack
	Line, Column int    // in the script, from 1
}

func (e *ScriptError) Error() string { return e.Text }

// Eval runs a script in the page's own world and decodes what it evaluates to into result, unless that is nil. A promise is waited for.
// Results travel as JSON. What the script throws is a *[ScriptError]. ctx ends the waiting, not the script. Where the page's process goes meanwhile, or has
// gone and no page has been loaded since, the error is [ipc.ErrRendererGone].
func (w *Window) Eval(ctx context.Context, script string, result any) error {
	var session *devtools.Session
	var crashed bool
	if err := w.do(func() { session, crashed = w.session, w.crashed }); err != nil {
		return err
	}
	if crashed {
		return fmt.Errorf("window %d: script: %w", w.id, ipc.ErrRendererGone)
	}
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text                     string
			LineNumber, ColumnNumber int
			Exception                *struct {
				Description string
				Value       json.RawMessage
			}
		}
	}
	params := map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true}
	if err := session.Call(ctx, "Runtime.evaluate", params, &answer); err != nil {
		return fmt.Errorf("window %d: script: %w", w.id, err)
	}
	if d := answer.ExceptionDetails; d != nil {
		e := &ScriptError{Text: d.Text, Line: d.LineNumber + 1, Column: d.ColumnNumber + 1}
		switch x := d.Exception; {
		case x != nil && x.Description != "":
			e.Text = x.Description
		case x != nil:
			e.Text = "thrown: " + string(x.Value)
		}
		return e
	}
	if result == nil || len(answer.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(answer.Result.Value, result)
}

// ignore is for calls whose result changes nothing.
func ignore(json.RawMessage, error) {}

func (w *Window) devtools() (*devtools.Session, error) {
	var s *devtools.Session
	err := w.do(func() { s = w.session })
	return s, err
}

// Capture returns a picture of the page, a PNG of the size of its view.
func (w *Window) Capture(ctx context.Context) ([]byte, error) {
	session, err := w.devtools()
	if err != nil {
		return nil, err
	}
	var answer struct{ Data []byte }
	if err := session.Call(ctx, "Page.captureScreenshot", map[string]any{"format": "png"}, &answer); err != nil {
		return nil, fmt.Errorf("window %d: capture: %w", w.id, err)
	}
	return answer.Data, nil
}

// DevToolsCommand calls a method of the DevTools protocol on the window's page, as webContents.debugger.sendCommand does in Electron.
// The error of commands that are under way when the page's process goes is [ipc.ErrRendererGone].
func (w *Window) DevToolsCommand(ctx context.Context, method string, params, result any) error {
	session, err := w.devtools()
	if err != nil {
		return err
	}
	if err := session.Call(ctx, method, params, result); err != nil {
		return fmt.Errorf("window %d: %w", w.id, err)
	}
	return nil
}

// OpenDevTools opens Chromium's developer tools for the page, in a window of their own.
func (w *Window) OpenDevTools() error {
	return w.do(func() {
		host := w.browser.GetHost()
		defer host.Release()
		client := &cef.Client{
			LifeSpanHandler: &cef.LifeSpanHandler{
				OnAfterCreated: func(*cef.Browser) { w.host.BrowserOpened() },
				OnBeforeClose:  func(*cef.Browser) { w.host.BrowserClosed() },
			},
			RequestHandler: &cef.RequestHandler{GetResourceRequestHandler: w.host.Guard},
		}
		host.ShowDevTools(nil, client, &cef.BrowserSettings{}, nil)
	})
}

// CloseDevTools closes them.
func (w *Window) CloseDevTools() error {
	return w.do(func() {
		host := w.browser.GetHost()
		defer host.Release()
		host.CloseDevTools()
	})
}

// DevToolsOpened reports whether they are open.
func (w *Window) DevToolsOpened() (yes bool) {
	_ = w.do(func() {
		host := w.browser.GetHost()
		defer host.Release()
		yes = host.HasDevTools()
	})
	return yes
}
