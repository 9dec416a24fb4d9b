// Package utility runs parts of an app as processes of their own: what utilityProcess is in Electron. A crash there leaves the app as it is,
// work there takes no time of the app's, and by default such a process is in a sandbox: no network, no writing, no programs.
//
//	func init() { utility.Register("thumbnails", thumbnails) }
//
//	func thumbnails(ctx context.Context, port *utility.Port) error {
//		ipc.Handle(port.IPC(), "make", func(ctx context.Context, path string) ([]byte, error) { … })
//		return port.Serve(ctx)
//	}
//
//	p, err := utility.Fork(ctx, "thumbnails", utility.Options{Sandbox: utility.Sandbox{Read: []string{pictures}}})
//
// # The process
//
// It is the app's own executable. In it, [Main] runs the registered function and never returns; app.New calls Main, and an app whose main
// function does other things before that calls Main itself, first of all. Chromium is not loaded there. Package utility/child makes any
// other program a utility process, and utility/script runs JavaScript in one.
//
// # The port
//
// Both sides have a [Port]. Post sends a message; the functions of main/ipc take port.IPC() and so give typed handlers and listeners both
// ways. Nothing is delivered before Start or Serve, so nothing is missed by a listener that comes a moment later.
//
// # Ends
//
// A utility process ends with the context given to [Fork], with [Process.Kill], with its function, and always with the app, however that
// ends; and so do its own children.
package utility
