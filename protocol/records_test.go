package protocol

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestCheckSameEitherWay: what steps over plain items finds the same of any bytes, good or damaged, as the check does item by item.
func TestCheckSameEitherWay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	list := benchRecords()[:3]
	good, err := AppendValue(nil, []any{list, map[string]any{"é": []any{nil, true, 1.5, -70000, &list[0], &list[0]}}, Map{Entries: []MapEntry{{1, "x"}}}})
	if err != nil {
		t.Fatal(err)
	}
	sound := 0
	for range 20_000 {
		raw := append([]byte(nil), good...)
		for range random.IntN(3) {
			raw[random.IntN(len(raw))] = byte(random.IntN(256))
		}
		raw = raw[:len(raw)-random.IntN(2)*random.IntN(len(raw))]
		budget := 40 + random.IntN(100)
		depth := random.IntN(2) * (MaxDepth - random.IntN(5))
		fast := walker{b: raw, budget: budget, base: depth}
		var offsets []uint32
		slow := walker{b: raw, budget: budget, base: depth, offsets: &offsets} // which the shortcut leaves alone
		fastErr, slowErr := fast.whole(), slow.whole()
		if fmt.Sprint(fastErr) != fmt.Sprint(slowErr) || fast.refs != slow.refs || fastErr == nil && (fast.count != slow.count || fast.budget != slow.budget) {
			t.Fatalf("%x: %v, item by item %v; %d and %d referenceable items", raw, fastErr, slowErr, fast.count, slow.count)
		}
		if fastErr == nil {
			sound++
		}
	}
	if sound < 100 {
		t.Errorf("only %d of the values were sound", sound)
	}
}

// TestRecordsThereAndBack: a list of records whose texts share memory is the list that was sent, also where one text follows a long one, and what
// is read does not change with the packet.
func TestRecordsThereAndBack(t *testing.T) {
	want := benchRecords()
	for i := range want {
		want[i].Title += strings.Repeat("é", i%70)
		want[i].Tags[i%3] = strings.Repeat("x", i)
	}
	raw, err := AppendValue(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	var got []benchRecord
	if err := DecodeValue(raw, &got); err != nil {
		t.Fatal(err)
	}
	var loose any
	if err := DecodeValue(raw, &loose); err != nil {
		t.Fatal(err)
	}
	again, err := AppendValue(nil, loose)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if !reflect.DeepEqual(got, want) {
		t.Error("the records came back otherwise")
	}
	var fromLoose []benchRecord
	if err := DecodeValue(again, &fromLoose); err != nil || !reflect.DeepEqual(fromLoose, want) {
		t.Errorf("the records came back otherwise by an any (%v)", err)
	}
}

// TestFewTextsAreTheirOwn: a short string of a small message keeps nothing else in memory.
func TestFewTextsAreTheirOwn(t *testing.T) {
	raw, err := AppendValue(nil, []string{"first", strings.Repeat("second", 100)})
	if err != nil {
		t.Fatal(err)
	}
	allocated := testing.AllocsPerRun(100, func() {
		var list []string
		if DecodeValue(raw, &list) != nil || len(list) != 2 {
			t.Error("not decoded")
		}
	})
	var many []string
	if raw, err = AppendValue(nil, strings.Split(strings.Repeat("word ", 1000), " ")); err != nil {
		t.Fatal(err)
	}
	shared := testing.AllocsPerRun(100, func() { _ = DecodeValue(raw, &many) })
	if allocated < 3 || shared > 100 {
		t.Errorf("%v allocations for two strings, %v for a thousand words", allocated, shared)
	}
}

// TestManyIdentities: what comes twice is one value also where there are more than fit the first table, and the next value begins anew.
func TestManyIdentities(t *testing.T) {
	for range 3 {
		nodes := make([]*benchRecord, 0, 20_000)
		for i := range 10_000 {
			nodes = append(nodes, &benchRecord{ID: i})
		}
		nodes = append(nodes, nodes...)
		raw, err := AppendValue(nil, nodes)
		if err != nil {
			t.Fatal(err)
		}
		var got []*benchRecord
		if err := DecodeValue(raw, &got); err != nil {
			t.Fatal(err)
		}
		for i := range 10_000 {
			if got[i] != got[i+10_000] || got[i].ID != i {
				t.Fatalf("record %d: %p and %p", i, got[i], got[i+10_000])
			}
		}
	}
}
