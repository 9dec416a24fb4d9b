package protocol

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestMeta(t *testing.T) {
	meta := map[string]string{}
	for i := range MaxMeta {
		meta[strings.Repeat(string(rune('a'+i)), MaxMetaText)] = strings.Repeat("v", MaxMetaText)
	}
	packet := must(t)(Writer{Meta: meta}.AppendInvoke(AppendHeader(nil, 1), 7, "x", 1, "two"))
	p, err := Parse(AppendCancel(packet, 7)) // another frame follows
	if err != nil {
		t.Fatal(err)
	}
	if f := p.Frames[0]; !maps.Equal(f.Meta, meta) || f.Args.Len() != 2 || len(p.Frames) != 2 {
		t.Errorf("%d entries, %d arguments, %d frames", len(f.Meta), f.Args.Len(), len(p.Frames))
	}
	clear(packet)
	if !maps.Equal(p.Frames[0].Meta, meta) {
		t.Error("the entries lie in the packet")
	}
	long := maps.Clone(meta)
	long[strings.Repeat("a", MaxMetaText)] += "v"
	more := maps.Clone(meta)
	more["i"] = ""
	for name, meta := range map[string]map[string]string{"long": long, "more": more} {
		if _, err := (Writer{Meta: meta}).AppendInvoke(nil, 1, "x"); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := map[string]string{"traceparent": "00"}
	packet = must(t)(Writer{Meta: one}.AppendSend(AppendHeader(nil, 1), "x", 1))
	if p, err := Parse(AppendCancel(packet, 7)); err != nil || !maps.Equal(p.Frames[0].Meta, one) || p.Frames[0].Args.Len() != 1 || len(p.Frames) != 2 {
		t.Errorf("a message with meta: %+v, %v", p, err)
	}
	for name, m := range map[string]string{"empty": "\x80", "long": "\x81\xa1a\xda\x02\x01" + strings.Repeat("v", MaxMetaText+1), "no text": "\x81\xa1a\xc3"} {
		p, err := Parse(append(AppendHeader(nil, 1), "\x95\x03\x01\xa1x\x90"+m...))
		if name == "empty" && (err != nil || p.Frames[0].Meta != nil) || name != "empty" && err == nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
