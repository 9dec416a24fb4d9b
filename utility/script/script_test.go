package script_test

import (
	"bufio"
	"context"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility"
	"github.com/oriel-go/oriel/utility/script"
)

func TestMain(m *testing.M) {
	utility.Main()
	os.Exit(m.Run())
}

// limit is how long what must come may take; with the race detector, on a busy machine, a step took 15 s.
const limit = time.Minute

// run starts a script and collects what it posts.
func run(t *testing.T, text string, o utility.Options) (*utility.Process, <-chan any) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p, err := script.Fork(ctx, script.Source{Name: "utility.js", Text: text}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		p.Wait()
	})
	said := make(chan any, 100)
	utility.OnMessage(p.Port(), func(_ context.Context, v any) { said <- v })
	p.Port().Start()
	return p, said
}

func next(t *testing.T, said <-chan any) any {
	t.Helper()
	select {
	case v := <-said:
		return v
	case <-time.After(limit):
		t.Fatal("nothing came")
		return nil
	}
}

func wait(t *testing.T, p *utility.Process) utility.Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(limit):
		t.Fatal("the script does not end")
	}
	return p.Wait()
}

func TestValues(t *testing.T) {
	p, said := run(t, `process.parentPort.on('message', (e) => process.parentPort.postMessage(e.data))`, utility.Options{})
	at := time.UnixMilli(1_700_000_000_123)
	shared := map[string]any{"a": int64(1)}
	for _, v := range []any{nil, protocol.Undefined{}, true, int64(42), 1.5, "text ä", new(big.Int).Lsh(big.NewInt(1), 80), []byte{1, 2, 3},
		protocol.ArrayBuffer{4, 5}, protocol.NewView([]float64{0.5, 2}), []any{int64(1), []any{"x"}, nil}, map[string]any{"k": map[string]any{"__proto__": "v"}},
		protocol.InvalidDate{}, protocol.RegExp{Source: "a+", Flags: "gi"}, &protocol.Map{Entries: []protocol.MapEntry{{Key: int64(1), Value: "one"}}},
		&protocol.Set{Values: []any{"s", int64(2)}}, protocol.Boxed{Value: "boxed"}, []any{shared, shared}} {
		if err := p.Post(v); err != nil {
			t.Fatal(err)
		}
		if got := next(t, said); !reflect.DeepEqual(got, v) {
			t.Errorf("%#v came back as %#v", v, got)
		}
	}
	_ = p.Post(at)
	if got, ok := next(t, said).(time.Time); !ok || !got.Equal(at) {
		t.Errorf("a Date came back as %v", got)
	}
	_ = p.Post(&protocol.Error{Name: "TypeError", Message: "no", Stack: "there", Cause: "why"})
	if got, ok := next(t, said).(*protocol.Error); !ok || got.Name != "TypeError" || got.Message != "no" || got.Cause != "why" {
		t.Errorf("an error came back as %+v", got)
	}
	cycle := map[string]any{}
	cycle["self"] = cycle
	_ = p.Post(cycle)
	got, _ := next(t, said).(map[string]any)
	if inner, ok := got["self"].(map[string]any); !ok || reflect.ValueOf(inner).Pointer() != reflect.ValueOf(got).Pointer() {
		t.Errorf("a cycle came back as %T", got["self"])
	}
}

// Properties keep their order, on the way in, within the script and on the way out.
func TestPropertyOrder(t *testing.T) {
	p, said := run(t, `process.parentPort.on('message', ({ data }) => {
		process.parentPort.postMessage(JSON.stringify([data, structuredClone(data)]))
		process.parentPort.postMessage(data)
	})`, utility.Options{})
	came := make(chan protocol.Ordered, 2)
	utility.OnMessage(p.Port(), func(_ context.Context, v protocol.Ordered) { came <- v })
	object := &protocol.Object{Properties: []protocol.Property{{Name: "z", Value: int64(1)}, {Name: "__proto__", Value: int64(2)}, {Name: "a", Value: int64(3)},
		{Name: "in", Value: []any{&protocol.Object{Properties: []protocol.Property{{Name: "y", Value: int64(4)}, {Name: "b", Value: nil}}}}}}}
	if err := p.Post(object); err != nil {
		t.Fatal(err)
	}
	const text = `{"z":1,"__proto__":2,"a":3,"in":[{"y":4,"b":null}]}`
	if got := next(t, said); got != "["+text+","+text+"]" {
		t.Errorf("the script has %v", got)
	}
	next(t, said)
	<-came
	if got := <-came; !reflect.DeepEqual(got.Value, object) {
		t.Errorf("it came back as %#v", got.Value)
	}
}

// Each line of the script posts one value.
func TestGlobals(t *testing.T) {
	p, said := run(t, `
const port = process.parentPort, post = (v) => port.postMessage(v)
post(process.argv.slice(1)); post(process.env.ORIEL_TEST); post(process.pid); post(process.type)
post(structuredClone({ a: [new Date(5)] }).a[0] instanceof Date)
try { post(() => 1) } catch (e) { post(e.name + ': ' + e.message) }
try { post({ deep: Symbol('s') }) } catch (e) { post(e.message) }
try { post(new Promise(() => {})) } catch (e) { post(e.message) }
try { require('fs') } catch (e) { post(e.name) }
post([typeof fetch, typeof Buffer, typeof URL, typeof WebAssembly, typeof module])
const order = []
setTimeout(() => order.push('timeout'), 1)
setImmediate(() => order.push('immediate'))
queueMicrotask(() => order.push('microtask'))
Promise.resolve().then(() => order.push('promise'))
order.push('now')
let n = 0
const interval = setInterval((by) => { if ((n += by) === 6) { clearInterval(interval); order.sort(); post(order.slice(0, 5)) } }, 2, 2)
clearTimeout(setTimeout(() => post('never'), 1))
;(async () => { await null; post('async') })()
port.once('message', (e) => { post('once ' + e.data); port.on('message', (e) => { post('then ' + e.data); if (e.data === 3) process.exit(4) }) })
`, utility.Options{Args: []string{"one", "two"}, Env: append(os.Environ(), "ORIEL_TEST=set")})
	for i := range 3 {
		if err := p.Post(i + 1); err != nil {
			t.Fatal(err)
		}
	}
	refused := "An object could not be cloned."
	want := []any{[]any{"one", "two"}, "set", int64(p.PID()), "utility", true, "DataCloneError: " + refused, refused, refused, "ReferenceError",
		[]any{"undefined", "undefined", "undefined", "undefined", "undefined"}, "async", "once 1", "then 2", "then 3"}
	for _, w := range want {
		got := next(t, said)
		if list, ok := got.([]any); ok && len(list) == 5 && list[0] == "immediate" { // timers come when they come
			got = next(t, said)
		}
		if !reflect.DeepEqual(got, w) {
			t.Errorf("%v, want %v", got, w)
		}
	}
	if e := wait(t, p); e.Code != 4 {
		t.Errorf("%+v", e)
	}
	p, said = run(t, `const order = []; setImmediate(() => order.push('i')); const last = () => { order.push('t'); process.parentPort.postMessage(order) }
queueMicrotask(() => order.push('m')); order.push('n'); let k = 0
const v = setInterval(() => { if (++k == 3) { clearInterval(v); process.parentPort.postMessage('three'); setTimeout(last, 1) } }, 1)`, utility.Options{})
	got := []any{next(t, said), next(t, said)}
	if want := []any{"three", []any{"n", "m", "i", "t"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if e := wait(t, p); e.Reason != utility.CleanExit || e.Asked { // nothing is left that could happen
		t.Errorf("%+v", e)
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct{ text, message, stack string }{
		{"\nthrow new TypeError('bad thing')", "TypeError: bad thing", "utility.js:2"},
		{"setTimeout(() => { undefined.x }, 1)", "TypeError: Cannot read property 'x' of undefined", "utility.js:1"},
		{"this is no script", "SyntaxError: utility.js: Line 1:6 Unexpected identifier", ""},
		{"const f = () => f(); f()", "RangeError: Maximum call stack size exceeded", "utility.js:1"},
	} {
		p, _ := run(t, c.text, utility.Options{Stdio: utility.Stdio{Stderr: utility.Ignore}})
		e := wait(t, p)
		told, ok := e.Err.(*utility.Error)
		if !ok || e.Code != 1 || !strings.Contains(told.Message, c.message) && !strings.Contains(told.Stack, c.message) || !strings.Contains(told.Stack, c.stack) {
			t.Errorf("%q: %+v, %+v", c.text, e, told)
		}
	}
	p, said := run(t, `process.parentPort.postMessage(1); for (;;) {}`, utility.Options{})
	next(t, said)
	p.Kill()
	if e := wait(t, p); e.Reason != utility.CleanExit || !e.Asked {
		t.Errorf("a script in an endless loop: %+v", e)
	}
	p, _ = run(t, `console.log('a', 1, { b: [2] }); console.error(new Error('x').message); Promise.reject(new Error('nobody cares'))`,
		utility.Options{Stdio: utility.Stdio{Stdout: utility.Pipe, Stderr: utility.Pipe}})
	out, _ := bufio.NewReader(p.Stdout()).ReadString('\n')
	errors := bufio.NewReader(p.Stderr())
	first, _ := errors.ReadString('\n')
	second, _ := errors.ReadString('\n')
	if e := wait(t, p); out != "a 1 {\"b\":[2]}\n" || first != "x\n" || !strings.Contains(second, "UnhandledPromiseRejectionWarning: Error: nobody cares") || e.Code != 0 {
		t.Errorf("%q, %q, %q, %v", out, first, second, e)
	}
}
