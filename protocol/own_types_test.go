package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// bytesKept keeps what it is decoded from, and changes it.
type bytesKept struct{ b []byte }

func (k *bytesKept) UnmarshalMsgpack(b []byte) error {
	k.b = b
	if len(b) > 2 {
		return errors.New("two are too many")
	}
	clear(b)
	return nil
}

func TestOwnBytes(t *testing.T) {
	raw := encode(t, []any{1, 2})
	before := bytes.Clone(raw)
	var kept []bytesKept
	if err := DecodeValue(raw, &kept); err != nil || !bytes.Equal(raw, before) {
		t.Errorf("%x became %x, %v", before, raw, err)
	}
	raw[1] = 9
	if kept[0].b[0] != 0 {
		t.Error("what was kept is the packet's")
	}
}

// astray leads msgpack's encoder elsewhere, and fails there.
type astray struct{}

func (astray) EncodeMsgpack(e *msgpack.Encoder) error {
	e.UseInternedStrings(true)
	e.ResetWriter(new(bytes.Buffer))
	panic("astray")
}

func TestEncoderAfterPanic(t *testing.T) {
	func() {
		defer func() { _ = recover() }()
		_, _ = AppendValue(nil, astray{})
	}()
	for range 10 { // the encoder that it had is among those used again
		if raw := encode(t, time.UnixMilli(5)); !decodeInto[time.Time](t, raw).Equal(time.UnixMilli(5)) {
			t.Fatalf("%x", raw)
		}
	}
}

// What a page sends may be of any length, the errors about it are not.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, c := range []struct{ v, into any }{
		{map[string]any{long: 1}, new(map[string]string)},
		{map[string]any{long: 1}, new(map[int]int)},
		{map[string]any{long: 1}, new(map[netip.Addr]int)},
		{&Map{[]MapEntry{{long, 1}}}, new(map[string]string)},
		{map[string]any{"a": map[string]any{long: 1}}, new(map[string]map[string]string)},
		{map[string]any{long: map[string]any{"a": 1}}, new(map[string]map[string]string)},
		{long, new(netip.Addr)},
	} {
		err := DecodeValue(encode(t, c.v), c.into)
		if err == nil || len(err.Error()) > 2000 || !errors.Is(err, ErrType) {
			t.Errorf("%T: %d bytes: %.200v", c.into, len(fmt.Sprint(err)), err)
		}
	}
}

type (
	Base  struct{ ID, Name string }
	Other struct{ Name string }
	Named struct {
		X string `json:"Name"`
	}
	Deeper struct{ Base }
)

// Fields are told apart by the names that they have in messages, as in encoding/json.
func TestFieldsWithOneName(t *testing.T) {
	for _, c := range []struct {
		v    any
		want map[string]any
	}{
		{struct {
			Base
			ID int `json:"number"`
		}{Base{"a", "b"}, 1}, map[string]any{"ID": "a", "Name": "b", "number": int64(1)}},
		{struct {
			Base
			ID int `json:"-"`
		}{Base{"a", "b"}, 1}, map[string]any{"ID": "a", "Name": "b"}},
		{struct {
			Base
			Number int `json:"ID"`
		}{Base{"a", "b"}, 1}, map[string]any{"ID": int64(1), "Name": "b"}},
		{struct {
			Base
			Other
		}{Base{"a", "b"}, Other{"c"}}, map[string]any{"ID": "a"}},
		{struct {
			Base
			Other
			Named
		}{Base{"a", "b"}, Other{"c"}, Named{"d"}}, map[string]any{"ID": "a", "Name": "d"}},
		{struct {
			Deeper
			Other
		}{Deeper{Base{"a", "b"}}, Other{"c"}}, map[string]any{"ID": "a", "Name": "c"}},
	} {
		raw := encode(t, c.v)
		if got := decodeInto[any](t, raw); !reflect.DeepEqual(got, any(c.want)) {
			t.Errorf("%T: %v, want %v", c.v, got, c.want)
		}
		back := reflect.New(reflect.TypeOf(c.v))
		if err := DecodeValue(raw, back.Interface()); err != nil || !bytes.Equal(encode(t, back.Interface()), raw) {
			t.Errorf("%T comes back as %v, %v", c.v, back.Elem(), err)
		}
	}
}
