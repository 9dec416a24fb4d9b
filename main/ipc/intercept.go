package ipc

import "github.com/oriel-go/oriel/router"

// A Call is a request or message of a page on its way to its handler or listeners, as an interceptor sees it: see [Router.Use].
type Call = router.Call

// A Handler deals with a call: an interceptor, or what is behind it. [SenderFrom] and [FrameFrom] know by its context who calls.
type Handler = router.Handler

// An Ask is a request of main's on its way to a page, as an interceptor sees it: see [Router.UseInvoke].
type Ask = router.Ask

// An Asker carries a request out: an interceptor, or what is behind it.
type Asker = router.Asker
