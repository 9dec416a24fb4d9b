package script_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

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
