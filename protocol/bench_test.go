package protocol

import (
	"bytes"
	"testing"
)

type benchItem struct {
	ID    int      `json:"id"`
	Title string   `json:"title"`
	Tags  []string `json:"tags"`
	Done  bool     `json:"done"`
}

func benchPackets(b *testing.B) map[string][]byte {
	ok := must(b)
	items := make([]benchItem, 100)
	for i := range items {
		items[i] = benchItem{i, "a note with a title", []string{"one", "two"}, i%2 == 0}
	}
	return map[string][]byte{
		"16B":   ok(AppendInvoke(AppendHeader(nil, 1), 1, "echo", "0123456789abcdef")),
		"1KiB":  ok(AppendInvoke(AppendHeader(nil, 1), 1, "echo", make([]byte, 1<<10))),
		"1MiB":  ok(AppendInvoke(AppendHeader(nil, 1), 1, "echo", make([]byte, 1<<20))),
		"items": ok(AppendInvoke(AppendHeader(nil, 1), 1, "list", items)),
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, packet := range benchPackets(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Check(packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, packet := range benchPackets(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, packet := range benchPackets(b) {
		parsed, err := Parse(packet)
		if err != nil {
			b.Fatal(err)
		}
		args := parsed.Frames[0].Args
		b.Run(name+"/any", func(b *testing.B) {
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for b.Loop() {
				var v any
				if err := args.Decode(0, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	parsed, err := Parse(benchPackets(b)["items"])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("items/struct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v []benchItem
			if err := parsed.Frames[0].Args.Decode(0, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	items := make([]benchItem, 100)
	payload := bytes.Repeat([]byte{1}, 1<<20)
	values := map[string]any{"16B": "0123456789abcdef", "1KiB": payload[:1<<10], "1MiB": payload, "items": items}
	for name, v := range values {
		b.Run(name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = AppendResult(AppendHeader(buf[:0], 1), 1, v); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}
