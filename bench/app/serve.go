package main

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/oriel-go/oriel/main/ipc"
)

// A record is what the page's list has many of.
type record struct {
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

// serve registers what the page asks for.
func serve(r *ipc.Router) {
	ipc.Handle(r, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
	ipc.Handle(r, "records", func(_ context.Context, in []record) ([]record, error) { return in, nil })
	ipc.HandleFunc(r, "push", push)
	ipc.HandleFunc(r, "register", func(count int) { register(r, count) })
}

// register adds handlers and listeners on that many channels.
func register(r *ipc.Router, count int) {
	for i := range count {
		channel := fmt.Sprint("many:", i)
		ipc.Handle(r, channel, func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
		ipc.On(r, channel, func(context.Context, []byte) {})
	}
}

// push sends that many messages of size bytes to the page, each with its number first.
func push(ctx context.Context, count, size int) error {
	if count < 0 || size < 4 {
		return fmt.Errorf("no push of %d messages of %d bytes", count, size)
	}
	message := make([]byte, size)
	for i := range count {
		binary.LittleEndian.PutUint32(message, uint32(i))
		if err := ipc.Reply(ctx, "pushed", message); err != nil {
			return err
		}
	}
	return nil
}
