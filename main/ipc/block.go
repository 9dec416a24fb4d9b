package ipc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/oriel-go/oriel/protocol"
)

// MaxBlock is the largest size of a [Block] in bytes.
const MaxBlock = 32 << 20

// A Block is memory for data that changes, such as the samples of an audio signal or the pixels of an image. Main writes into it, and
// [Block.Flush] brings the page what has changed, into an ArrayBuffer that stays the same object; the page's preload gets it by
// ipcRenderer.handleBlock(channel, (event, { buffer, offset, length }) => …). The page's buffer is a copy: V8 lets no memory of another
// process be an ArrayBuffer. Only the newest state counts: what changes while the page is busy arrives together.
//
// A Block's methods may be called from any goroutine. It needs no end: the page's copy goes with the document, the block as any Go value.
type Block struct {
	page    Invoker
	channel string
	id      uint32        // tells the page's handler one block from another
	turn    chan struct{} // holds a value while somebody flushes
	seen    *Frame        // the document that has the block, if page is a window; whoever has the turn uses it

	mu      sync.Mutex
	data    []byte
	changed span
}

// A span is bytes from from up to to; it is empty if both are the same.
type span struct{ from, to int }

// with returns the smallest span that holds both.
func (s span) with(t span) span {
	switch {
	case s.from == s.to:
		return t
	case t.from == t.to:
		return s
	}
	return span{min(s.from, t.from), max(s.to, t.to)}
}

var lastBlock atomic.Uint32

// NewBlock makes a block of size zeros for a page: a [Frame], or a window.Window for whatever document that has. It fails if size is not
// between 1 and [MaxBlock], with the kind [protocol.ErrLimit], or the channel's name is not allowed. Nothing is sent before the first Flush.
func NewBlock(page Invoker, channel string, size int) (*Block, error) {
	if size < 1 || size > MaxBlock {
		return nil, fmt.Errorf("ipc: block %q: %w: a block has 1 to %d bytes, not %d", channel, protocol.ErrLimit, MaxBlock, size)
	}
	if err := protocol.ValidChannel(channel); err != nil {
		return nil, fmt.Errorf("ipc: block: %w", err)
	}
	return &Block{
		page: page, channel: channel, id: lastBlock.Add(1), turn: make(chan struct{}, 1),
		data: make([]byte, size), changed: span{0, size},
	}, nil
}

// Size returns the block's size in bytes.
func (b *Block) Size() int { return len(b.data) }

// WriteAt copies p into the block. It writes all of p, or fails without having written anything if that does not fit. What has been written
// before a Flush begins is what the page gets, or something newer.
func (b *Block) WriteAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset > int64(len(b.data)) {
		return 0, fmt.Errorf("ipc: block %q: offset %d is outside of %d bytes", b.channel, offset, len(b.data))
	}
	if err := b.Change(int(offset), len(p), func(part []byte) { copy(part, p) }); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Change calls f with length bytes of the block, for it to write in place, and counts them as changed. Nobody else reads or writes the block
// meanwhile, so f should be short; it must neither keep the slice nor call the
// block's methods, which would wait for it for ever. Change fails, without having called f, if there are no such bytes.
func (b *Block) Change(offset, length int, f func(part []byte)) error {
	if offset < 0 || length < 0 || length > len(b.data)-offset {
		return fmt.Errorf("ipc: block %q: %d bytes from %d are outside of %d", b.channel, length, offset, len(b.data))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed = b.changed.with(span{offset, offset + length})
	f(b.data[offset : offset+length : offset+length])
	return nil
}

// Flush brings the page what has changed since the last Flush, as one range of bytes that holds all changes, and returns when the page's
// handler is done with it: when the promise has settled that it returned. Of several that wait, the first brings the changes of all. With
// nothing changed it returns at once, unless the window has another document than before: a document gets the whole block first.
// It fails as [Frame.Invoke] does, also with what the handler throws; the next Flush brings what this one should have.
func (b *Block) Flush(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("ipc: block %q: %w", b.channel, context.Cause(ctx))
	}
	defer func() { <-b.turn }()
	page := b.document()
	if b.clean() {
		return nil
	}
	taken, err := b.bring(ctx, page)
	if err == nil && !taken { // the page has no such block, or has it no more
		b.touch()
		if taken, err = b.bring(ctx, page); err == nil && !taken {
			b.touch()
			err = fmt.Errorf("ipc: block %q: %w: the page does not take the whole block", b.channel, ErrUnexpected)
		}
	}
	return err
}

// document returns whom to flush to. A window's new document is to have the whole block.
func (b *Block) document() Invoker {
	if f, ok := b.page.(*Frame); ok && f.session.Ended() != nil {
		b.touch() // it fails, whether anything has changed or not
	}
	w, ok := b.page.(interface{ MainFrame() *Frame })
	if !ok {
		return b.page
	}
	f := w.MainFrame()
	if f != b.seen || f == nil {
		b.touch()
	}
	if b.seen = f; f == nil {
		return b.page // which waits for a document
	}
	return f
}

// touch counts everything as changed.
func (b *Block) touch() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed = span{0, len(b.data)}
}

func (b *Block) clean() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed.from == b.changed.to
}

// bring sends what has changed and reports whether the page had use for it.
func (b *Block) bring(ctx context.Context, page Invoker) (taken bool, err error) {
	u := &update{block: b}
	if err = page.Invoke(ctx, b.channel, &taken, u); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changed = b.changed.with(u.sent)
	}
	return taken, err
}

// An update is a request that brings changes, by the arguments id, size, offset and bytes. What has changed is looked up when it is sent.
type update struct {
	block *Block
	sent  span
}

// Lend gives the changed bytes as they lie in the block, which nobody writes to until they have been sent. Asked again, it gives those of before too.
func (u *update) Lend() (args []any, done func()) {
	b := u.block
	b.mu.Lock()
	u.sent, b.changed = b.changed.with(u.sent), span{}
	return []any{b.id, len(b.data), u.sent.from, b.data[u.sent.from:u.sent.to]}, b.mu.Unlock
}
