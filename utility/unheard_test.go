package utility_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility"
)

// bulk is how many messages of a mebibyte are more than may wait to be heard.
const bulk = protocol.MaxQueuedBytes>>20 + 20

func init() {
	utility.Register("bulk", func(ctx context.Context, p *utility.Port) error {
		told := false
		for i := range uint32(bulk) {
			if err := p.Post(binary.LittleEndian.AppendUint32(make([]byte, 1<<20), i)); err != nil {
				return err
			}
			soon, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			if p.Flush(soon) != nil && !told {
				fmt.Print("!") // the app reads no more
				told = true
			}
			cancel()
			if err := p.Flush(ctx); err != nil {
				return err
			}
		}
		fmt.Print("all")
		return p.Serve(ctx)
	})
}

// What a process says faster than it is heard waits there when much waits here, and nothing is lost.
func TestUnheardBytes(t *testing.T) {
	p := fork(t, "bulk", utility.Options{Stdio: utility.Stdio{Stdout: utility.Pipe}})
	goOn, heard := make(chan bool), make(chan uint32, bulk)
	utility.OnMessage(p.Port(), func(_ context.Context, data []byte) {
		<-goOn
		heard <- binary.LittleEndian.Uint32(data[1<<20:])
	})
	p.Port().Start()
	if _, err := p.Stdout().Read(make([]byte, 1)); err != nil { // it waits, or has all been read
		t.Fatal(err)
	}
	close(goOn)
	for i := range uint32(bulk) {
		if n := next(t, heard); n != i {
			t.Fatalf("message %d is %d", i, n)
		}
	}
}
