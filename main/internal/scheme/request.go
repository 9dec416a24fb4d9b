package scheme

import (
	"context"
	"net/http"
	"net/url"

	"github.com/oriel-go/oriel/cef"
)

// newRequest makes the request that a handler sees, in the form that net/http gives to servers: URL holds path and query, Host the host.
func newRequest(ctx context.Context, q *cef.Request, from site, o *Options) (*http.Request, *body, error) {
	u, err := url.Parse(q.GetURL())
	if err != nil {
		return nil, nil, err
	}
	r := &http.Request{
		Method:     q.GetMethod(),
		URL:        &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery},
		Host:       u.Host,
		Header:     requestHeader(q, from),
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Body:       http.NoBody,
	}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	r.RequestURI = r.URL.RequestURI()
	r = r.WithContext(ctx)
	b := newBody(r, q, o)
	if b != nil {
		r.Body, r.ContentLength = b, b.length
	}
	return r, b, nil
}

// requestHeader returns the request's headers, and those that Chromium's network stack would have added on the way had it been asked.
func requestHeader(q *cef.Request, from site) http.Header {
	var all map[string][]string
	q.GetHeaderMap(&all)
	header := make(http.Header, len(all)+4)
	for name, values := range all {
		for _, v := range values {
			header.Add(name, v)
		}
	}
	if ref := q.GetReferrerURL(); ref != "" {
		header.Set("Referer", ref)
	}
	dest, mode := fetchMetadata(q.GetResourceType())
	setOrDelete(header, "Sec-Fetch-Dest", dest)
	setOrDelete(header, "Sec-Fetch-Mode", mode)
	setOrDelete(header, "Sec-Fetch-Site", string(from))
	return header
}

func setOrDelete(h http.Header, name, value string) {
	if value == "" {
		h.Del(name)
	} else {
		h.Set(name, value)
	}
}

// fetchMetadata says in the words of Sec-Fetch-Dest and Sec-Fetch-Mode what a request is for, as far as Chromium tells. The mode is
// told for navigations only.
func fetchMetadata(t cef.ResourceType) (dest, mode string) {
	switch t {
	case cef.ResourceTypeMainFrame, cef.ResourceTypeNavigationPreloadMainFrame:
		return "document", "navigate"
	case cef.ResourceTypeSubFrame, cef.ResourceTypeNavigationPreloadSubFrame:
		return "iframe", "navigate"
	case cef.ResourceTypeStylesheet:
		return "style", ""
	case cef.ResourceTypeScript:
		return "script", ""
	case cef.ResourceTypeImage, cef.ResourceTypeFavicon:
		return "image", ""
	case cef.ResourceTypeFontResource:
		return "font", ""
	case cef.ResourceTypeObject, cef.ResourceTypePluginResource:
		return "object", ""
	case cef.ResourceTypeWorker:
		return "worker", ""
	case cef.ResourceTypeSharedWorker:
		return "sharedworker", ""
	case cef.ResourceTypeServiceWorker:
		return "serviceworker", ""
	case cef.ResourceTypeXhr, cef.ResourceTypePing, cef.ResourceTypePrefetch:
		return "empty", ""
	}
	return "", ""
}
