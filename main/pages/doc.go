// Package pages serves an app's own pages: files of an fs.FS, or any http.Handler made safe for a page's origin.
//
// An app's pages have one of two origins. [Origin] is a scheme of its own, app://name, which is a secure context with modules, wasm,
// storage and workers, but has neither cookies nor service workers. [SecureOrigin], https://name.localhost, has these too; requests for it
// are answered inside the process, no network and no certificate has a part in it. One handler serves both alike.
//
// A handler gets ordinary requests: bodies, headers, ranges and redirects work, what it writes is streamed, a panic is a 500, and the
// request's context ends with [ErrCancelled] as its cause when the page gives the load up. Sec-Fetch-Site, -Mode (for navigations) and
// -Dest are true as far as Chromium tells, whatever the page sent.
//
// No other origin gets at the pages: its requests, whether by fetch, image, script or form, are refused before a handler runs. A link to a
// page is followed, and is as ever a GET.
//
// What differs from a web server: nothing undoes a Content-Encoding, so answers must not be compressed; the HTTP cache has no part, pages
// are as fast without; informational answers and trailers go nowhere; and a request's body cannot hold a Blob ([ErrBodyHidden]).
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
