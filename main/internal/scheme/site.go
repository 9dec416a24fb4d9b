package scheme

import (
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
)

// Chromium checks what other origins may embed and read in its network stack. A request that is answered by a resource handler never
// gets there: CORS is looked after, but Cross-Origin-Resource-Policy, preflights and the opaqueness of no-cors answers are not, so that
// any page could read everything here. Hence the judgement of who may request at all is made here, before a handler runs.

// A site says how a request's sender relates to the server, in the words of Sec-Fetch-Site.
type site string

const (
	sameOrigin site = "same-origin"
	crossSite  site = "cross-site"
	none       site = "none" // the user or the app, no page
	unknown    site = ""
	refused    site = "refused"
)

// Senders that are not origins. An opaque origin is that of a sandboxed frame or a data: page; it is nobody's own.
const (
	opaque = "null"
	nobody = ""
)

// sender says who sent a browser's request. For navigations to https Chromium tells "null" for everybody; there the Origin header, which
// the browser process sets on every POST, tells.
func sender(q *cef.Request, navigation bool, initiator string) string {
	if !navigation || initiator != opaque && initiator != "" {
		return initiator
	}
	return q.GetHeaderByName("Origin")
}

// senderOfWorker says who sent a request that no browser belongs to. Nothing but headers tells of service and shared workers. A page
// cannot set these two; it can withhold the referrer, and is refused then.
func senderOfWorker(q *cef.Request) string {
	if origin := q.GetHeaderByName("Origin"); origin != "" {
		return origin
	}
	return originOf(q.GetReferrerURL())
}

// judge decides on a request to origin.
func (s *Server) judge(q *cef.Request, origin, sender string) site {
	t, method := q.GetResourceType(), q.GetMethod()
	safe := method == http.MethodGet || method == http.MethodHead
	_, mode := fetchMetadata(t)
	foreign := sender != nobody && sender != opaque
	switch {
	case sender == origin:
		return sameOrigin
	case t == cef.ResourceTypeServiceWorker:
		// The script of a service worker: Chromium lets only its own origin register it.
		return sameOrigin
	case foreign && s.options.AllowOrigin != nil && s.options.AllowOrigin(sender):
		return crossSite
	case mode == "navigate" && safe && foreign:
		return crossSite
	case mode == "navigate" && safe:
		return unknown
	case mode == "navigate" && sender == nobody:
		return none
	}
	s.options.Log.Warn("request of another origin refused", zap.String("origin", sender), zap.String("method", method),
		zap.String("url", q.GetURL()))
	return refused
}

// originOf returns the origin of a URL of a standard scheme as Chromium writes it, "" if it has none. It takes what url.Parse refuses, such
// as a stray %, since whose a URL is must not hang on the rest of it.
func originOf(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
		rest = rest[:i]
	}
	host := rest[strings.LastIndexByte(rest, '@')+1:]
	if !ok || host == "" {
		return ""
	}
	return scheme + "://" + host
}
