package cef_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"unsafe"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// sameCounts fails if f leaves more references or handlers than it found (with the tag cefdebug; else nothing is counted).
func sameCounts(t *testing.T, what string, f func()) {
	t.Helper()
	before := cef.LiveObjects()
	f()
	for name, n := range cef.LiveObjects() {
		if n != before[name] {
			t.Errorf("%s: %s: %d, and %d before", what, name, n, before[name])
		}
	}
}

func TestReferencesOfValues(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		onUI(t, func() {
			sameCounts(t, "released twice", func() {
				d := cef.DictionaryValueCreate()
				d.SetString("k", "v")
				other := d.Retain()
				d.Release()
				d.Release()
				if d.IsValid() || d.GetString("k") != "" {
					t.Error("a released object answers")
				}
				if other.GetString("k") != "v" {
					t.Error("the retained reference has gone with the first")
				}
				other.Release()
			})
			sameCounts(t, "nil", func() {
				var none *cef.DictionaryValue
				none.Release()
				if none.IsValid() || none.Retain() != nil || none.GetDictionary("k") != nil {
					t.Error("a nil object answers")
				}
			})
			sameCounts(t, "handed over and got back", func() {
				outer, inner := cef.DictionaryValueCreate(), cef.DictionaryValueCreate()
				inner.SetInt("n", 7)
				outer.SetDictionary("inner", inner)
				inner.Release()
				got := outer.GetDictionary("inner")
				if n := got.GetInt("n"); n != 7 {
					t.Errorf("the inner dictionary came back with %d", n)
				}
				got.Release()
				outer.Release()
			})
			sameCounts(t, "an array to fill", postData(t))
			sameCounts(t, "a base class", preferences(t))
		})
	})
}

// postData fills a body with elements and takes them out again as an array.
func postData(t *testing.T) func() {
	return func() {
		body := cef.PostDataCreate()
		defer body.Release()
		for _, text := range []string{"one", "two"} {
			e := cef.PostDataElementCreate()
			b := []byte(text)
			e.SetToBytes(len(b), unsafe.Pointer(unsafe.SliceData(b)))
			body.AddElement(e)
			e.Release()
		}
		elements := body.Elements()
		var all []byte
		for _, e := range elements {
			all = append(all, e.Bytes()...)
			e.Release()
		}
		if len(elements) != 2 || string(all) != "onetwo" {
			t.Errorf("%d elements, %q", len(elements), all)
		}
	}
}

// preferences reads the preferences of the request context by the methods of the struct that it begins with.
func preferences(t *testing.T) func() {
	return func() {
		context := cef.RequestContextGetGlobalContext()
		defer context.Release()
		if !context.HasPreference("download.default_directory") {
			t.Error("the request context has no preferences")
		}
		all := context.GetAllPreferences(true)
		defer all.Release()
		if all.GetSize() < 50 {
			t.Errorf("%d preferences only", all.GetSize())
		}
		base := context.PreferenceManager.Retain()
		defer base.Release()
		if !base.HasPreference("download.default_directory") {
			t.Error("the base of a request context has no preferences")
		}
	}
}

func TestReleaseRaces(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		sameCounts(t, "released by many", func() {
			for range 200 {
				d := cef.DictionaryValueCreate()
				keep := d.Retain()
				var all sync.WaitGroup
				for range 8 {
					all.Go(d.Release)
				}
				all.Wait()
				if !keep.SetInt("still", 1) {
					t.Fatal("more was given back than one reference")
				}
				keep.Release()
			}
		})
	})
}

func TestHandlersComeBack(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		onUI(t, func() {
			handler := &cef.RequestContextHandler{}
			context := cef.RequestContextCreateContext(&cef.RequestContextSettings{}, handler)
			if got := context.GetHandler(); got != handler {
				t.Errorf("the context's handler is %p, not %p", got, handler)
			}
			context.Release()
			global := cef.RequestContextGetGlobalContext()
			if got := global.GetHandler(); got != nil {
				t.Errorf("CEF's own handler came back as %p", got)
			}
			global.Release()
		})
		eventually(t, func() []string { return left("RequestContext", "RequestContextHandler") })
	})
}

// left names the types given of which something is alive.
func left(names ...string) (faults []string) {
	live := cef.LiveObjects()
	for _, name := range names {
		if live[name] != 0 {
			faults = append(faults, fmt.Sprintf("%s: %d are left", name, live[name]))
		}
	}
	return faults
}

// A handler's bytes go out through C and come back, by arrays in both directions.
func TestStreams(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		source := bytes.NewReader([]byte("through C and back"))
		reader := cef.StreamReaderCreateForHandler(&cef.ReadHandler{
			Read: func(p unsafe.Pointer, size, n int) int {
				got, _ := source.Read(unsafe.Slice((*byte)(p), size*n))
				return got / size
			},
			Eof: func() bool { return source.Len() == 0 },
		})
		b := make([]byte, 64)
		n := reader.Read(unsafe.Pointer(unsafe.SliceData(b)), 1, len(b))
		if string(b[:n]) != "through C and back" || !reader.Eof() {
			t.Errorf("read %q", b[:n])
		}
		reader.Release()
		eventually(t, func() []string { return left("StreamReader", "ReadHandler") })
	})
}
