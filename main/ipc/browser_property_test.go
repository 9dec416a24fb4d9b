package ipc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// generator makes random values of every kind that structured clone carries, shared and cyclic ones too, from a seed.
const generator = `
function generator(seed) {
  const random = () => { // mulberry32
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(random() * n);
  const pick = (list) => list[below(list.length)];
  const made = [];
  const keep = (v) => { made.push(v); return v; };
  const lengths = [0, 0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 85, 86, 255, 256, 257];
  const text = (ends = ['a', 'é', '€', '👍', '\ud800', '\udc00', '\0', '"']) => { const c = pick(ends); return pick([c, 'x', '']) + c.repeat(pick(lengths)); };
  const plain = () => text(['a', 'é', '€', '👍', '\0', '"']); // where Go has a string
  const key = () => pick(['__proto__', 'constructor', 'toString', '0', '-1', '1.5', 'length', text(['k', 'ü', '👍'])]);
  const bytes = (unit) => { const b = new Uint8Array(pick(lengths) * unit); for (let i = 0; i < b.length; i++) b[i] = below(256); return b; };
  const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array,
    BigInt64Array, BigUint64Array, DataView].concat(globalThis.Float16Array || []);
  const define = (o, k, value) => Object.defineProperty(o, k, { value, writable: true, enumerable: true, configurable: true });
  const leaves = [
    () => undefined, () => null, () => NaN, () => Infinity, () => -Infinity, () => -0, () => random() < 0.5, () => below(300) - 150,
    () => Math.round((random() - 0.5) * 2 ** pick([8, 16, 31, 32, 33, 52, 53, 54, 60, 64, 100])), () => (random() - 0.5) * 10 ** below(300),
    () => pick([1, -1]) * (2 ** pick([7, 8, 15, 16, 31, 32, 52, 53, 63, 64]) + below(3) - 1),
    () => BigInt(below(1000) - 500) ** BigInt(below(40)), () => pick([0n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 53n, 255n, 256n]), () => text(), () => text(),
    () => keep(new Date(pick([0, -1, 8.64e15, -8.64e15, 1e12 * random(), NaN]))), () => keep(pick([/a\/b/gi, /(?:)/, /[\]]\n/dmsuy, /\p{L}/v])),
    () => keep(Object(pick([true, false, 0, -0, NaN, 1.5, '', 'text', 7n]))), () => keep(bytes(1).buffer),
    () => { const V = pick(views), b = bytes(8); const at = 8 * below(2); return keep(at < b.length ? new V(b.buffer, at) : new V(b.buffer)); },
  ];
  const nested = [
    (d) => { const a = keep([]); for (let n = below(6); n > 0; n--) a.push(value(d)); return a; },
    (d) => { const o = keep(random() < 0.9 ? {} : Object.create(null)); for (let n = below(6); n > 0; n--) define(o, key(), value(d)); return o; },
    (d) => { const m = keep(new Map()); for (let n = below(5); n > 0; n--) m.set(value(d), value(d)); return m; },
    (d) => { const s = keep(new Set()); for (let n = below(5); n > 0; n--) s.add(value(d)); return s; },
    (d) => { const e = keep(new (pick([Error, TypeError, RangeError, EvalError, SyntaxError, ReferenceError, URIError]))(plain()));
      if (random() < 0.3) e.name = plain();
      if (random() < 0.5) Object.defineProperty(e, 'cause', { value: value(d) ?? 'cause', writable: true, configurable: true });
      return e; },
    (d) => { const a = keep([]); a.length = below(20); for (let n = below(4); n > 0; n--) a[below(30)] = value(d); if (random() < 0.5) define(a, 'p' + key(), value(d)); return a; },
  ];
  function value(depth) {
    if (made.length > 0 && random() < 0.08) return pick(made);
    return depth > 0 && random() < 0.6 ? pick(nested)(depth - 1) : pick(leaves)();
  }
  return () => { made.length = 0; return value(6); };
}
`

// thresholds straddle where a head gets longer, packets stop being joined, and shared memory begins.
var thresholds = []int{0, 1, 15, 16, 31, 32, 255, 256, 8 << 10, 16 << 10, 65536, 192 << 10, 1 << 20}

// Random values go to main and come back as they were, and so do sizes about every threshold.
func TestBrowserRandomValues(t *testing.T) {
	const count = 700
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, v any) (any, error) { return v, nil })
		sizes, _ := json.Marshal(thresholds)
		w := show(t, a, window.Options{Preload: preload + describe + generator + `
			const check = async (name, value, bad) => {
				const answer = await ipcRenderer.invoke('echo', value);
				const was = describe(value), is = describe(answer);
				if (was === is || bad.length > 4) return;
				let at = 0;
				while (was[at] === is[at]) at++;
				const near = (text) => text.slice(Math.max(0, at - 100), at + 100);
				bad.push(name + ': … ' + near(was) + ' … became … ' + near(is));
			};
			contextBridge.exposeInMainWorld('randomValues', async (seed, count) => {
				const bad = [];
				const next = generator(seed);
				for (let i = 0; i < count; i++) await check('value ' + i + ' of seed ' + seed, next(), bad);
				return bad;
			});
			contextBridge.exposeInMainWorld('sizes', async () => {
				const bad = [];
				const same = (a, b) => a.length === b.length && a.every((v, i) => v === b[i]);
				for (const size of ` + string(sizes) + `) for (const n of [size - 12, size - 1, size, size + 1]) if (n >= 0) {
					const values = { text: 'x'.repeat(n), wide: '€'.repeat(n >> 1), bytes: new Uint8Array(n).fill(7), list: new Array(n >> 4).fill('a'), map: new Map(Array.from({ length: n >> 6 }, (_, i) => [i, i])) };
					const back = await ipcRenderer.invoke('echo', values);
					for (const name of ['text', 'wide']) if (back[name] !== values[name]) bad.push(name + ' of ' + n);
					for (const name of ['bytes', 'list']) if (!same(back[name], values[name])) bad.push(name + ' of ' + n);
					if (!same([...back.map.keys()], [...values.map.keys()])) bad.push('map of ' + n);
					if ((await ipcRenderer.invoke('echo', values.bytes)).length !== n) bad.push('bytes alone of ' + n);
				}
				return bad;
			});`})
		for _, seed := range []int64{1, 2} {
			for _, bad := range eval[[]string](t, w, fmt.Sprintf("randomValues(%d, %d)", seed, count)) {
				t.Error(bad)
			}
		}
		for _, bad := range eval[[]string](t, w, "sizes()") {
			t.Error(bad)
		}
	})
}

type Base struct {
	ID   int    `json:"id"`
	Kind string `msgpack:"kind" json:"other"`
}

type Extra struct{ Note string }

type color struct{ r, g, b uint8 }

func (c color) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "#%02x%02x%02x", c.r, c.g, c.b), nil
}

func (c *color) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "#%02x%02x%02x", &c.r, &c.g, &c.b)
	return err
}

// point encodes itself as [x, y], and as bytes of its own.
type point struct{ x, y int }

func (p point) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeMulti([]int{p.x, p.y}) }

func (p *point) DecodeMsgpack(d *msgpack.Decoder) error {
	var xy []int
	err := d.Decode(&xy)
	if err == nil && len(xy) == 2 {
		p.x, p.y = xy[0], xy[1]
	}
	return err
}

type blob struct{ text string }

func (b blob) MarshalMsgpack() ([]byte, error) { return msgpack.Marshal([]byte(b.text)) }

func (b *blob) UnmarshalMsgpack(raw []byte) error {
	var bytes []byte
	err := msgpack.Unmarshal(raw, &bytes)
	b.text = string(bytes)
	return err
}

// everything has what Go programs have in their structs.
type everything struct {
	Base
	*Extra
	Time    time.Time             `json:"time"`
	Bytes   []byte                `json:"bytes"`
	Fixed   [4]byte               `json:"fixed"`
	Big     *big.Int              `json:"big"`
	Plain   big.Int               `json:"plain"`
	Max     uint64                `json:"max"`
	Min     int64                 `json:"min"`
	Float   float64               `json:"float"`
	NaN     float64               `json:"nan"`
	ByInt   map[int]string        `json:"byInt"`
	ByUint  map[uint8]bool        `json:"byUint"`
	ByText  map[color]int         `json:"byText"`
	Pointer *int                  `json:"pointer"`
	Deep    **string              `json:"deep"`
	None    *Base                 `json:"none"`
	Empty   string                `json:"empty,omitempty"`
	Zero    time.Time             `json:"zero,omitzero"`
	Raw     json.RawMessage       `json:"raw"`
	RawNone json.RawMessage       `json:"rawNone"`
	Color   color                 `json:"color"`
	Colors  []*color              `json:"colors"`
	Addr    netip.Addr            `json:"addr"`
	Point   point                 `json:"point"`
	Points  map[string]*point     `json:"points"`
	Blob    blob                  `json:"blob"`
	Map     *protocol.Map         `json:"map"`
	Hidden  string                `json:"-"`
	Self    *everything           `json:"self"`
	Sub     []map[string][]string `json:"sub"`
}

func goValues() *everything {
	n, s := 7, "deep"
	ps := &s
	big1, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	v := &everything{
		Base: Base{1, "kind"}, Extra: &Extra{"note"}, Time: time.UnixMilli(1700000000123).UTC(), Bytes: []byte{0, 255}, Fixed: [4]byte{1, 2, 3, 4},
		Big: big1, Plain: *big.NewInt(5), Max: math.MaxUint64, Min: math.MinInt64, Float: 0.1, ByInt: map[int]string{-1: "a", 2: "b"},
		ByUint: map[uint8]bool{255: true}, ByText: map[color]int{{1, 2, 3}: 4}, Pointer: &n, Deep: &ps,
		Raw: json.RawMessage(`{"a":[1,2.5,"x",null,true],"b":{}}`), Color: color{255, 0, 1}, Colors: []*color{{1, 1, 1}, nil},
		Addr: netip.MustParseAddr("10.0.0.1"), Point: point{3, -4}, Points: map[string]*point{"p": {5, 6}}, Blob: blob{"text"},
		Map: &protocol.Map{Entries: []protocol.MapEntry{{Key: int64(1), Value: "a"}, {Key: true, Value: nil}}}, Hidden: "hidden",
		Sub: []map[string][]string{{"a": {"b"}}, {}},
	}
	return v
}

// Go's values go to a page, look there as they should, and come back as they were.
func TestBrowserGoValues(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := show(t, a, window.Options{Preload: preload + `
			ipcRenderer.handle('echo', (event, v) => v);
			ipcRenderer.handle('look', (event, v) => [
				v.id, v.kind, v.Note, v.time instanceof Date, v.bytes instanceof Uint8Array, v.fixed instanceof Uint8Array, typeof v.big, typeof v.max, v.min === -(2n ** 63n),
				Object.keys(v.byInt).join(), v.none, 'empty' in v, 'zero' in v, JSON.stringify(v.raw), v.rawNone, v.color, v.colors.join(), v.addr, v.point.join(),
				v.blob instanceof Uint8Array, v.map instanceof Map, 'Hidden' in v, v.self === v ? 'itself' : 'another',
			].join(' '));`})
		in := goValues()
		in.Self = in
		look, err := ipc.Invoke[string](patience(t), w, "look", in)
		want := `1 kind note true true true bigint bigint true 2,-1  false false {"a":[1,2.5,"x",null,true],"b":{}}  #ff0001 #010101, 10.0.0.1 3,-4 true true false itself`
		if err != nil || look != want {
			t.Errorf("the page sees %q, %v", look, err)
		}
		in.Self = nil
		out, err := ipc.Invoke[*everything](patience(t), w, "echo", in)
		if err != nil {
			t.Fatal(err)
		}
		in.Hidden = ""
		was, is := reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem()
		for i := range was.NumField() {
			if name := was.Type().Field(i).Name; !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) && !strings.HasPrefix(name, "Raw") {
				t.Errorf("%s: %#v became %#v", name, was.Field(i).Interface(), is.Field(i).Interface())
			}
		}
		if string(out.Raw) != string(in.Raw) || out.RawNone != nil {
			t.Errorf("raw: %s, %q", out.Raw, out.RawNone)
		}
	})
}
