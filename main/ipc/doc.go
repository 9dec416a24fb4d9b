// Package ipc is the main process's side of the messages between an app and its pages: what ipcMain is in Electron.
//
// A page, through its preload, sends ([On]), asks ([Handle]) and listens (window.Window.Send). Handlers are looked up for the frame first,
// then for its window, then for the app, and the first one found answers; listeners of all three hear a message, in that order.
//
//	ipc.Handle(a.IPC(), "notes:save", func(ctx context.Context, n Note) (Saved, error) { … })
//	ipc.On(a.IPC(), "log", func(ctx context.Context, line string) { … })
//
// # Values
//
// Arguments and results are whatever structured clone carries; how they meet Go types is told by package protocol. Struct fields are named
// by their msgpack tag, else their json tag, else their name. An argument that does not fit is an error for the caller, which names the
// channel, the argument and the field; the handler does not run. One argument is the type of the function's parameter; for several there
// are [HandleFunc] and [OnFunc], for any number [Args].
//
// # Who may call
//
// By default only pages of the app's own origins. The sender, with its URL and origin as Chromium knows them, is in the context
// ([SenderFrom]); nothing a message says of itself is believed. What an origin may not say it may not hear either: a message to a document
// whose origin may not use the channel is refused with [ErrNotAllowed].
//
// # Order and threads
//
// Messages of one window are taken in the order they were sent, sends and requests alike, also across a reload. Listeners run one after
// the other, so a slow one holds up what follows. Handlers begin in order and then run concurrently, one that takes longer on a goroutine of its own:
// when a handler begins, the listeners of all messages before it have returned. None runs on a thread of CEF. What main sends with one
// goroutine arrives in the order sent.
//
// # Ends
//
// The context of a handler ends when it returns, or when the document goes away, the page gives up, the window closes or the app ends;
// [context.Cause] tells which ([ErrNavigated], [ErrRendererGone], [ErrCanceled], [ErrClosed]). The context of a listener ends with the
// document. A message that a page sends while it is being left is heard nevertheless, with a context that has ended:
// [context.WithoutCancel] is for what must be done all the same.
//
// An error is the caller's rejection: its text, its Code() string and Data() any where it has them; see protocol.AsError. A panic is one too,
// without its text, and a log line with its stack. A document that is alive gets an answer to every request, once its handler returns.
//
// # Limits
//
// The pages of a window may have protocol.MaxInFlight requests and messages, of protocol.MaxQueuedBytes together, on their way or being
// worked on. What is beyond that is refused with an error, and logged.
package ipc
