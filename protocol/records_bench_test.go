package protocol

import (
	"fmt"
	"testing"
)

type benchRecord struct {
	ID    int      `msgpack:"id"`
	Title string   `msgpack:"title"`
	Done  bool     `msgpack:"done"`
	Score float64  `msgpack:"score"`
	Tags  []string `msgpack:"tags"`
	Owner struct {
		Name    string `msgpack:"name"`
		Address string `msgpack:"address"`
	} `msgpack:"owner"`
}

// benchRecords is a list of small records, as the bench's page sends it.
func benchRecords() []benchRecord {
	list := make([]benchRecord, 400)
	for i := range list {
		r := &list[i]
		r.ID, r.Title, r.Done, r.Score = i, fmt.Sprint("Note number ", i), i%3 == 0, float64(i)/7
		r.Tags = []string{"work", "later", fmt.Sprint("tag ", i%10)}
		r.Owner.Name, r.Owner.Address = "Ada Lovelace", "ada@example.org"
	}
	return list
}

// BenchmarkRecords are the steps of one call with such a list, into structs and into any.
func BenchmarkRecords(b *testing.B) {
	ok := must(b)
	list := benchRecords()
	packet := ok(AppendInvoke(AppendHeader(nil, 1), 1, "records", list))
	parsed, err := Parse(packet)
	if err != nil {
		b.Fatal(err)
	}
	args := parsed.Frames[0].Args
	var loose any
	if err := args.Decode(0, &loose); err != nil {
		b.Fatal(err)
	}
	bench := func(name string, step func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(packet)))
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	var buf []byte
	bench("parse", func() error { _, err := Parse(packet); return err })
	bench("decode/struct", func() error { var v []benchRecord; return args.Decode(0, &v) })
	bench("decode/any", func() error { var v any; return args.Decode(0, &v) })
	bench("encode/struct", func() error {
		var err error
		buf, err = AppendResult(AppendHeader(buf[:0], 1), 1, list)
		return err
	})
	bench("encode/any", func() error {
		var err error
		buf, err = AppendResult(AppendHeader(buf[:0], 1), 1, loose)
		return err
	})
}
