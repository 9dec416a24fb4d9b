// Package ipc is the main process's side of the messages between an app and its pages: what ipcMain is in Electron.
//
// A page, through its preload, sends ([On]), asks ([Handle]) and listens (window.Window.Send). Handlers are looked up for the frame first,
// then for its window, then for the app; listeners of all three hear a message.
//
//	ipc.Handle(a.IPC(), "notes:save", func(ctx context.Context, n Note) (Saved, error) { … })
//	ipc.On(a.IPC(), "log", func(ctx context.Context, line string) { … })
//
// # Values
//
// Arguments and results are whatever structured clone carries; how they meet Go types is told by package protocol. Struct fields are named
// by their msgpack tag, else their json tag, else their name. An argument that does not fit is an error for the caller, which names the
// channel, the argument and the field; the handler does not run.
//
// # Who may call
//
// By default only pages of the app's own origins. The sender, with its URL and origin as Chromium knows them, is in the context
// ([SenderFrom]); nothing a message says of itself is believed.
//
// # Order and threads
//
// Messages of one document are taken in the order they were sent. Listeners run one after the other on a goroutine of the document, so a
// slow one holds up what follows; handlers start in order and run concurrently, each on its own goroutine. None runs on a thread of CEF.
//
// # Ends
//
// The context of a handler or listener ends when the document goes away, the page gives up, the window closes or the app quits;
// context.Cause tells which. A panic becomes an error for the caller and a log line with its stack.
package ipc
