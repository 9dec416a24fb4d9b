// Package pages serves an app's own pages: files of an fs.FS, or any http.Handler made safe for a page's origin.
//
// An app's pages have one of two origins. [Origin] is a scheme of its own, app://name, which is a secure context with modules, wasm,
// storage and workers, but has neither cookies nor service workers. [SecureOrigin], https://name.localhost, has these too; requests for it
// are answered inside the process, no network and no certificate has a part in it. One handler serves both alike.
//
// A handler gets ordinary requests: bodies, headers, ranges and redirects work, what it writes is streamed, a panic is a 500, and the
// request's context ends with [ErrCancelled] as its cause when the page gives the load up.
package pages

import "github.com/oriel-go/oriel/main/internal/scheme"

// Errors that a handler may meet.
var (
	// ErrCancelled is the cause (context.Cause) of a request's context when the page, the user or Chromium gave the load up.
	ErrCancelled = scheme.ErrCancelled
	// ErrBodyHidden is what reading a request's body answers when the page sent a Blob or a stream, which Chromium does not hand over.
	// An ArrayBuffer, a string, a form without files and a file chosen by the user are handed over.
	ErrBodyHidden = scheme.ErrBodyHidden
	// ErrFileRefused is what reading a request's body answers when the page sent a file and the app does not allow that.
	ErrFileRefused = scheme.ErrFileRefused
)
