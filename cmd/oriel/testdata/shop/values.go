package shop

import (
	"encoding/json"
	"math/big"
	"net"
	"net/netip"
	"time"

	"github.com/oriel-go/oriel/cmd/oriel/testdata/shop/catalog"
	"github.com/oriel-go/oriel/protocol"
)

// Base is embedded: its fields are those of what embeds it.
type Base struct {
	Created time.Time `json:"created"`
	Hidden  string    `json:"-"`
	Shadow  int       `json:"shadow"`
}

// Extra is embedded by a pointer: without it, its fields are left out.
type Extra struct {
	Note string `json:"note"`
}

// Named is embedded with a name of its own.
type Named struct {
	Deep string `json:"deep"`
}

// Numbered shares a name in Go with what embeds it, and none in messages.
type Numbered struct {
	ID string `json:"id"`
}

// Box has parameters with the names of other types.
type Box[string, Date any] struct {
	Value string    `json:"value"`
	Other Date      `json:"other"`
	Since time.Time `json:"since"`
}

// Record is not TypeScript's.
type Record struct {
	A int `json:"a"`
}

// Values has every type that may travel.
type Values struct {
	Base
	*Extra
	Named  `json:"named"`
	Shadow string `json:"shadow"` // hides the embedded one
	Numbered
	ID int `json:"number"`

	Bool    bool                    `json:"bool"`
	Int     int                     `json:"int"`
	Int64   int64                   `json:"int64"`
	Float   float32                 `json:"float"`
	Plain   string                  // by its own name
	Tagged  string                  `msgpack:"tag-ged" json:"json"`
	Bytes   []byte                  `json:"bytes"`
	Raw     json.RawMessage         `json:"raw"`
	Hash    [4]byte                 `json:"hash"`
	Point   [2]float64              `json:"point"`
	Long    [9]int                  `json:"long"`
	Nested  [][]string              `json:"nested"`
	Maybe   []*int                  `json:"maybe"`
	Time    time.Time               `json:"time"`
	Big     big.Int                 `json:"big"`
	BigPtr  *big.Int                `json:"bigPtr"`
	Any     any                     `json:"any"`
	Failure error                   `json:"failure"`
	Addr    netip.Addr              `json:"addr"`
	Took    time.Duration           `json:"took"`
	Counts  map[string]int          `json:"counts"`
	ByID    map[int][]catalog.ID    `json:"byId"`
	ByState map[catalog.Status]bool `json:"byState"`
	ByAddr  map[netip.Addr]string   `json:"byAddr"`
	Level   catalog.Level           `json:"level"`
	Rights  catalog.Rights          `json:"rights"`
	Tree    *Tree                   `json:"tree"`
	Forest  Forest                  `json:"forest"`
	Pair    Pair[string, []Tree]    `json:"pair"`
	Bits    catalog.Page[byte]      `json:"bits"`
	Rules   []catalog.Rights        `json:"rules"`
	Grades  []Grade                 `json:"grades"`
	Best    [2]Grade                `json:"best"`
	Inline  struct {
		A string  `json:"a"`
		B *string `json:"b"`
	} `json:"inline"`
	Error    *protocol.Error   `json:"error"`
	View     protocol.View     `json:"view"`
	Omit     []string          `json:"omit,omitempty"`
	OmitTime time.Time         `json:"omitTime,omitzero"`
	OmitNot  time.Time         `json:"omitNot,omitempty"`
	OmitPtr  *Tree             `json:"omitPtr,omitempty"`
	OmitNil  *[]string         `json:"omitNil,omitempty"`
	IP       net.IP            `json:"ip"`
	IPs      []net.IP          `json:"ips"`
	OmitIP   net.IP            `json:"omitIP,omitempty"`
	Box      Box[int, bool]    `json:"box"`
	Records  []Record          `json:"records"`
	Object   protocol.Object   `json:"object"`
	ByLarge  map[uint64]string `json:"byLarge"`
	Root     Root              `json:"root"`
	secret   string
}

// Root has one constant, which does not make an enumeration.
type Root string

// Top is a Root.
const Top Root = "top"

// Tree leads back to itself.
type Tree struct {
	Value string  `json:"value"`
	Left  *Tree   `json:"left,omitempty"`
	Kids  []*Tree `json:"kids"`
}

// Forest is a map that leads back to itself.
type Forest map[string]Forest

// Pair is generic.
type Pair[A, B any] struct {
	First  A `json:"first"`
	Second B `json:"second"`
}

// Grade is a byte here and a text there.
type Grade uint8

// MarshalText returns its letter.
func (g Grade) MarshalText() ([]byte, error) { return []byte{'A' + byte(g)}, nil }

// UnmarshalText takes its letter.
func (g *Grade) UnmarshalText(text []byte) error {
	*g = Grade(text[0] - 'A')
	return nil
}

// Sample is a Values with something in each field.
func Sample() Values {
	one := 1
	tree := &Tree{Value: "root", Kids: []*Tree{{Value: "kid"}, nil}}
	v := Values{
		Base: Base{Created: time.UnixMilli(1), Hidden: "hidden"}, Named: Named{"deep"}, Shadow: "own",
		Bool: true, Int: 7, Int64: 1 << 60, Float: 0.5, Plain: "plain", Tagged: "tagged",
		Bytes: []byte("bytes"), Raw: json.RawMessage(`{"a":1}`), Hash: [4]byte{1, 2, 3, 4}, Point: [2]float64{1, 2},
		Nested: [][]string{{"a"}, nil}, Maybe: []*int{&one, nil}, Time: time.UnixMilli(2), BigPtr: big.NewInt(5),
		Any: map[string]any{"x": nil}, Addr: netip.MustParseAddr("::1"), Took: time.Second,
		Counts: map[string]int{"a-b": 1}, ByID: map[int][]catalog.ID{7: {"x"}}, ByState: map[catalog.Status]bool{catalog.Sold: true},
		ByAddr: map[netip.Addr]string{netip.MustParseAddr("::2"): "two"}, Level: catalog.High, Rights: catalog.Read | catalog.Write,
		Tree: tree, Forest: Forest{"a": {"b": nil}}, Pair: Pair[string, []Tree]{"x", []Tree{*tree}}, Bits: catalog.Page[byte]{Rows: []byte{1}},
		Rules: []catalog.Rights{catalog.Read}, Grades: []Grade{0, 1}, Best: [2]Grade{0, 2}, Error: &protocol.Error{Name: "TypeError", Message: "bad"}, View: protocol.NewView([]float64{1}), secret: "secret",
		Numbered: Numbered{"n"}, IPs: []net.IP{nil, net.IPv4(127, 0, 0, 1)}, Root: "another", ByLarge: map[uint64]string{1 << 63: "large"},
	}
	v.Big.SetString("123456789012345678901234567890", 10)
	return v
}
