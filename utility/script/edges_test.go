package script_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility"
)

// Timers fire in the order in which they fall due, and those that do so together as they were set; no number that a delay may be is a reason to fail.
func TestTimers(t *testing.T) {
	for _, text := range []string{
		`const o = []
for (let i = 0; i < 500; i++) setTimeout(() => { o.push(i); if (o.length === 500) post(o.every((v, i) => v === i)) }, 1)`,
		`const o = []
for (let i = 0; i < 500; i++) setImmediate(() => { o.push(i); if (o.length === 500) post(o.every((v, i) => v === i)) })`,
		`const o = [], begun = Date.now()
for (const delay of [9, 5, 1]) setTimeout(() => { o.push(delay); if (o.length === 3) post(String(o) === '1,5,9') }, delay)
while (Date.now() - begun < 20);`,
		`let n = 0
for (const delay of [NaN, -5, Infinity, -Infinity, '2', 'x', undefined, null, {}, 2 ** 40]) setTimeout(() => { if (++n === 10) post(true) }, delay)`,
		`let n = 0
const a = setTimeout(() => { clearTimeout(b); n++ }, 1), b = setTimeout(() => { n = 10 }, 1)
const i = setInterval(() => { if (n++ === 3) { clearInterval(i); clearInterval(i); post(n === 4) } }, 2)`,
		`setImmediate((word) => post(typeof word === 'symbol'), Symbol('x'))`,
		`process.nextTick((a, b) => post(a + b === 3), 1, 2)`,
	} {
		p, said := run(t, "const post = process.parentPort.postMessage\n"+text, utility.Options{})
		if v := next(t, said); v != true {
			t.Errorf("%v of %s", v, text)
		}
		if e := wait(t, p); e.Reason != utility.CleanExit {
			t.Errorf("%v of %s", e, text)
		}
	}
}

// What a script throws ends it with the text and the place of that, whatever it is; what nobody has caught in a promise is told.
func TestThrown(t *testing.T) {
	for text, want := range map[string]string{
		"let a = 1\n\nlet b = = 2":                                  "SyntaxError: utility.js: Line 3:9 Unexpected token =",
		"function f() {\n  throw new TypeError('bad')\n}\nf()":      "TypeError: bad|at f (utility.js:2:9",
		"throw undefined":                                           "undefined|at utility.js:1",
		"throw { toString() { throw 1 } }":                          "a value that cannot be shown",
		"throw Object.create(null)":                                 "a value that cannot be shown",
		"const f = () => f(); f()":                                  "RangeError: Maximum call stack size exceeded|at f (utility.js:1",
		"queueMicrotask(() => { throw new Error('in passing') })":   "Error: in passing|at utility.js:1",
		"process.parentPort.on('message', () => { throw 'heard' })": "heard|at utility.js:1",
		"Promise.reject({ toString() { throw 1 }, toJSON() { throw 2 } }); setTimeout(() => { throw 'alive' }, 1)": "alive",
		"const e = new Error(); Object.defineProperty(e, 'stack', { get() { throw 1 } }); console.log(e)":          "1",
	} {
		p, _ := run(t, text, utility.Options{Stdio: utility.Stdio{Stderr: utility.Ignore}})
		if err := p.Post(1); err != nil {
			t.Fatal(err)
		}
		message, stack, _ := strings.Cut(want, "|")
		e := wait(t, p)
		if told, ok := e.Err.(*utility.Error); !ok || e.Code != 1 || told.Message != message || !strings.Contains(told.Stack, stack) || strings.Count(told.Stack, "\n") > 10 {
			t.Errorf("%v, %#v of %s", e, e.Err, text)
		}
	}
}

// Whatever a script runs in when its end comes, a getter, a method of its own that Oriel calls, a microtask, it ends as any other.
func TestEndInPassing(t *testing.T) {
	for text, want := range map[string]string{
		"const e = new Error('x'); e.toString = () => { post(0); for (;;); }; throw e":                             "a value that cannot be shown",
		"Promise.reject({ get stack() { return 1 }, toJSON() { post(0); for (;;); } }); setTimeout(() => {}, 1e6)": "",
		"(async () => { post(0); for (;;) try { await null } catch {} })()":                                        "",
		"const again = () => queueMicrotask(again); post(0); again()":                                              "",
		"[2, 1].sort(() => { post(0); for (;;) try { for (;;); } finally { for (;;); } })":                         "",
	} {
		p, said := run(t, "const post = process.parentPort.postMessage;"+text, utility.Options{KillAfter: limit, Stdio: utility.Stdio{Stderr: utility.Ignore}})
		next(t, said)
		p.Kill()
		e := wait(t, p)
		if told := fmt.Sprint(e.Err); want == "" && (e.Reason != utility.CleanExit || e.Err != nil) || want != "" && (e.Code != 1 || told != want) {
			t.Errorf("%v of %s", e, text)
		}
	}
}

// What a script posts is asked for once, a string is what it was, and a port moves once.
func TestPostedOnce(t *testing.T) {
	_, said := run(t, `
const post = process.parentPort.postMessage
let asked = 0
post({ in: [{ in: { get x() { return ++asked }, buffer: { get y() { return ++asked } } } }] })
post(asked)
for (const v of ['\ud800', 'a\ufffd\u{1f600}', new String('\udc00x')]) post(v)
const { port1 } = new MessageChannel()
try { post(0, [port1, port1]) } catch (e) { post(e.name + ': ' + e.message) }`, utility.Options{})
	for _, want := range []any{
		map[string]any{"in": []any{map[string]any{"in": map[string]any{"x": int64(1), "buffer": map[string]any{"y": int64(2)}}}}}, int64(2),
		protocol.UTF16{0xd800}, "a\ufffd\U0001f600", protocol.Boxed{Value: protocol.UTF16{0xdc00, 'x'}}, "DataCloneError: Port at index 1 is a duplicate of an earlier port",
	} {
		if v := next(t, said); !reflect.DeepEqual(v, want) {
			t.Errorf("%#v, not %#v", v, want)
		}
	}
}

// Messages for which a script has no place are dropped, and it goes on; a stream is told so. The others are the same each time.
func TestForeignMessages(t *testing.T) {
	p, said := run(t, `process.parentPort.on('message', (e) => process.parentPort.postMessage(Object.keys(e.data).join()))`, utility.Options{Stdio: utility.Stdio{Stderr: utility.Pipe}})
	r, w := io.Pipe()
	if err := errors.Join(p.Post(1, 2), p.Post(r)); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := p.Post(map[string]int{"b": 1, "a": 2, "d": 3, "c": 4}); err != nil {
			t.Fatal(err)
		}
		if v := next(t, said); v != "a,b,c,d" {
			t.Errorf("the keys are %v", v)
		}
	}
	for err := error(nil); err == nil; {
		_, err = w.Write(make([]byte, 1<<20)) // until the stream is told to stop
	}
	lines := bufio.NewScanner(p.Stderr())
	for _, want := range []string{"argument 2 is no message port", "the engine cannot take it: TypeError: scripts have no streams"} {
		if lines.Scan(); !strings.Contains(lines.Text(), "a message was dropped: "+want) {
			t.Errorf("%q, not %s", lines.Text(), want)
		}
	}
}

// Rejections are told in their order, those too that come of telling.
func TestRejections(t *testing.T) {
	p, _ := run(t, `for (let i = 0; i < 12; i++) Promise.reject(i)
Promise.reject({ get stack() { Promise.reject('late') } })
setTimeout(() => {}, 1)`, utility.Options{Stdio: utility.Stdio{Stderr: utility.Pipe}})
	told, err := io.ReadAll(p.Stderr())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for line := range strings.Lines(string(told)) {
		words = append(words, line[strings.LastIndex(line, " ")+1:len(line)-1])
	}
	if got := strings.Join(words, " "); got != "0 1 2 3 4 5 6 7 8 9 10 11 {} late" {
		t.Error(got)
	}
}

// While nobody listens, messages wait where they come from, not in the script.
func TestUnheard(t *testing.T) {
	p, said := run(t, `setInterval(() => {}, 1e6); process.parentPort.postMessage('up')`, utility.Options{})
	next(t, said)
	for n := range 1000 {
		if err := p.Post(make([]byte, 1<<20)); errors.Is(err, protocol.ErrLimit) {
			return // 128 MiB there and as many here
		} else if err != nil {
			t.Fatal(err)
		}
		if n%8 != 0 {
			continue
		}
		flushing, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // what waits is shown by time alone
		_ = p.Port().Flush(flushing)
		cancel()
	}
	t.Error("1 GiB has been taken")
}

// Objects that are not what they say do not end the script, nor do values that the engine has not.
func TestOddValues(t *testing.T) {
	p, said := run(t, `
const post = process.parentPort.postMessage, bare = (o) => Object.setPrototypeOf(o, null)
for (const v of [bare(/x/), bare(new Number(1)), { [Symbol.toStringTag]: 'Uint8Array', buffer: new ArrayBuffer(8), byteOffset: 4, byteLength: 100 },
  { [Symbol.toStringTag]: 'Uint8Array', buffer: new ArrayBuffer(8) }, { [Symbol.toStringTag]: 'Map' }, new Proxy({}, { ownKeys() { throw new Error('no') } })]) {
  try { post(v) } catch (e) { post(e.name) }
}
post(bare(new Error('text')))
process.parentPort.on('message', (e) => post([Array.isArray(e.data), Object.keys(e.data), e.data.polluted]))`, utility.Options{Stdio: utility.Stdio{Stderr: utility.Ignore}})
	for _, want := range []string{"DataCloneError", "DataCloneError", "DataCloneError", "DataCloneError", "TypeError", "Error"} {
		if v := next(t, said); v != want {
			t.Errorf("%v, not %s", v, want)
		}
	}
	if e, ok := next(t, said).(*protocol.Error); !ok || e.Name != "Error" || e.Message != "text" {
		t.Errorf("an error without a prototype: %+v", e)
	}
	for _, v := range []any{protocol.RegExp{Source: "a", Flags: "v"}, protocol.RegExp{Source: "["},
		&protocol.SparseArray{Length: 3, Properties: []protocol.Property{{Name: "__proto__", Value: map[string]any{"polluted": true}}}}} {
		if err := p.Post(v); err != nil {
			t.Fatal(err)
		}
	}
	want := []any{true, []any{"__proto__"}, protocol.Undefined{}}
	if v := next(t, said); !reflect.DeepEqual(v, want) { // the engine cannot make the others
		t.Errorf("%v, not %v", fmt.Sprint(v), want)
	}
}
