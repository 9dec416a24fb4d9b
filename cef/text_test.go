package cef

import (
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/oriel-go/oriel/cef/distribution"
)

// loaded opens libcef without starting it: that is enough for strings.
var loaded = sync.OnceValue(func() error {
	dir, err := distribution.Locate("")
	if err == nil {
		err = Load(dir)
	}
	return err
})

func needLibcef(t testing.TB) {
	t.Helper()
	if err := loaded(); err != nil {
		t.Fatal(err)
	}
}

// texts are strings in Go and what comes back from libcef; "" means the same.
var texts = []struct{ name, in, back string }{
	{"empty", "", ""},
	{"ASCII", "plain", ""},
	{"NUL", "a\x00b\x00", ""},
	{"only NUL", "\x00", ""},
	{"two bytes", "é", ""},
	{"three bytes", "€", ""},
	{"replacement character itself", "\uFFFD", ""},
	{"noncharacters", "\uFFFE\uFFFF", ""},
	{"around the surrogates", "\uD7FF\uE000", ""},
	{"astral", "😀\U00010000\U0010FFFF", ""},
	{"lone high surrogate", "a\xED\xA0\xBDb", ""},
	{"lone low surrogate", "a\xED\xB8\x80b", ""},
	{"surrogates the wrong way round", "\xED\xB8\x80\xED\xA0\xBD", ""},
	{"high surrogate at the end", "x\xED\xA0\x80", ""},
	{"two halves make a character", "\xED\xA0\xBD\xED\xB8\x80", "😀"},
	{"invalid byte", "a\xFFb", "a\uFFFDb"},
	{"overlong", "\xC0\x80", "\uFFFD\uFFFD"},
	{"cut short", "\xE2\x82", "\uFFFD\uFFFD"},
	{"surrogate cut short", "\xED\xA0", "\uFFFD\uFFFD"},
	{"beyond Unicode", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
	{"long", strings.Repeat("lång\x00😀", 10000), ""},
}

func TestStringsThroughLibcef(t *testing.T) {
	needLibcef(t)
	for _, c := range texts {
		want := c.back
		if want == "" {
			want = c.in
		}
		t.Run(c.name, func(t *testing.T) {
			s := throughSettings(t, c.in)
			if s != want {
				t.Errorf("string: %q came back as %q, want %q", c.in, s, want)
			}
			list := newStringList([]string{c.in, "", c.in})
			defer freeStringList(list)
			if got := goStringList(list); !reflect.DeepEqual(got, []string{want, "", want}) {
				t.Errorf("list: %q came back as %q", c.in, got)
			}
			m := newStringMap(map[string]string{"k" + c.in: c.in, "empty": ""})
			defer freeStringMap(m)
			if got := goStringMap(m); !reflect.DeepEqual(got, map[string]string{"k" + want: want, "empty": ""}) {
				t.Errorf("map: %q came back as %q", c.in, got)
			}
			values := map[string][]string{"k" + c.in: {c.in, "", "z"}, "one": {c.in}}
			mm := newStringMultimap(values)
			defer freeStringMultimap(mm)
			if got := goStringMultimap(mm); !reflect.DeepEqual(got, map[string][]string{"k" + want: {want, "", "z"}, "one": {want}}) {
				t.Errorf("multimap: %q came back as %q", c.in, got)
			}
		})
	}
}

// throughSettings sends a string through a C struct, twice over, as callbacks with in-and-out strings do: the second replaces the first.
func throughSettings(t *testing.T, v string) string {
	t.Helper()
	c := Settings{}
	store := zero((*Settings).toC)
	defer clearSettings(store)
	(&Settings{Locale: "something longer that was there before"}).toC(store)
	(&Settings{Locale: v}).toC(store)
	c.fromC(store)
	return c.Locale
}

func TestStringResults(t *testing.T) {
	needLibcef(t)
	if got := URIEncode("a b/ü", false); got != "a%20b%2F%C3%BC" {
		t.Errorf("a string that the caller frees: %q", got)
	}
	if got := takeString(nil); got != "" {
		t.Errorf("no string: %q", got)
	}
	if got := goString(nil); got != "" {
		t.Errorf("no string: %q", got)
	}
}

func TestNilCollections(t *testing.T) {
	needLibcef(t)
	if got := goStringList(nil); got != nil {
		t.Errorf("no list: %#v", got)
	}
	empty := newStringList(nil)
	defer freeStringList(empty)
	if got := goStringList(empty); got == nil || len(got) != 0 {
		t.Errorf("empty list: %#v", got)
	}
	if m, mm := goStringMap(nil), goStringMultimap(nil); m == nil || len(m) != 0 || mm == nil || len(mm) != 0 {
		t.Errorf("no map: %#v, %#v", m, mm)
	}
}

// zero makes the C struct that a method takes; tests cannot name types of C.
func zero[T any](func(*Settings, *T)) *T { return new(T) }

// memory is the process's resident memory in bytes.
func memory(t *testing.T) int {
	t.Helper()
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// growth is how much memory n calls of f take for good; a first round fills pools and caches.
func growth(t *testing.T, n int, f func()) int {
	for range n / 10 {
		f()
	}
	before := memory(t)
	for range n {
		f()
	}
	return memory(t) - before
}

func TestStringsDoNotLeak(t *testing.T) {
	needLibcef(t)
	const n, limit = 1_000_000, 6 << 20
	v := "a string of some forty characters, say"
	m, mm := map[string]string{"key": v}, map[string][]string{"key": {v, v}}
	for name, f := range map[string]func(){
		"string": func() {
			s := zero((*Settings).toC)
			(&Settings{Locale: v, UserAgent: v}).toC(s)
			new(Settings).fromC(s)
			clearSettings(s)
		},
		"result": func() { URIEncode(v, true) },
		"list": func() {
			l := newStringList([]string{v})
			goStringList(l)
			freeStringList(l)
		},
		"map": func() {
			c := newStringMap(m)
			goStringMap(c)
			freeStringMap(c)
		},
		"multimap": func() {
			c := newStringMultimap(mm)
			goStringMultimap(c)
			freeStringMultimap(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := growth(t, n, f); got > limit {
				t.Errorf("%d rounds took %d KiB for good", n, got>>10)
			}
		})
	}
	t.Run("a leak shows", func(t *testing.T) {
		const few = n / 5
		if got := growth(t, few, func() { newStringList([]string{v}) }); got < limit {
			t.Errorf("%d lists that were never freed show as %d KiB only", few, got>>10)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, c := range texts {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := wide(s)
		back := narrow(w)
		if len(w) > len(s) {
			t.Errorf("%q: %d units from %d bytes", s, len(w), len(s))
		}
		if utf8.ValidString(s) {
			if back != s {
				t.Errorf("%q came back as %q", s, back)
			}
			if want := utf16.Encode([]rune(s)); len(want)+len(w) > 0 && !reflect.DeepEqual([]uint16(w), want) {
				t.Errorf("%q: %x, want %x", s, w, want)
			}
		}
		if again := wide(back); !reflect.DeepEqual(again, w) {
			t.Errorf("%q: %x, and %x after a round trip", s, w, again)
		}
		// Any UTF-16 survives: here, the bytes read as such.
		raw := make(wideString, len(s)/2)
		for i := range raw {
			raw[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
		}
		if got := wide(narrow(raw)); !reflect.DeepEqual(got, raw) {
			t.Errorf("%x came back as %x", raw, got)
		}
	})
}

func BenchmarkWide(b *testing.B) {
	for name, s := range map[string]string{"channel": "notes:save", "url": strings.Repeat("app://notes/", 8), "latin": strings.Repeat("für ", 200)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				wide(s)
			}
		})
	}
}

func BenchmarkNarrow(b *testing.B) {
	for name, s := range map[string]string{"channel": "notes:save", "url": strings.Repeat("app://notes/", 8), "latin": strings.Repeat("für ", 200)} {
		w := wide(s)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				narrow(w)
			}
		})
	}
}
