package pages

import "net/http"

// DefaultCSP is the Content-Security-Policy of pages that ask for no other. A page runs the app's own scripts and wasm only: no
// inline script, no eval, no other host. Styles may be inline, since most libraries for pages set some and a style can neither run
// anything nor, with images and fonts bound to the app, tell anybody anything. Small images and fonts may be data: URLs, as
// bundlers make them.
const DefaultCSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; " +
	"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"

// An Option changes what [FS] and [Secure] do.
type Option func(*options)

type options struct {
	header     http.Header
	singlePage string
	folder     string
}

func newOptions(opts []Option) *options {
	o := &options{header: http.Header{
		"Content-Security-Policy":      {DefaultCSP},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Referrer-Policy":              {"same-origin"},
		"X-Content-Type-Options":       {"nosniff"},
	}}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// CSP sets the Content-Security-Policy instead of [DefaultCSP]; "" sends none.
func CSP(policy string) Option { return Header("Content-Security-Policy", policy) }

// Header sets a header of every answer, instead of what this package would send; "" sends none.
func Header(name, value string) Option {
	return func(o *options) {
		if value == "" {
			o.header.Del(name)
			return
		}
		o.header.Set(name, value)
	}
}

// SinglePage serves file, by name such as "index.html", for every address at which there is no file, so that a router in the page can
// show it. Only navigations get it: a script or an image that is missing is a 404. [Secure] ignores it.
func SinglePage(file string) Option { return func(o *options) { o.singlePage = file } }

// Folder makes dir within the file system the root of what [FS] serves: go:embed keeps the name of the folder it embeds. FS panics if dir
// is not a path as fs.ValidPath has them. [Secure] ignores it.
func Folder(dir string) Option { return func(o *options) { o.folder = dir } }

// Secure gives h's answers the headers that those of [FS] have: the strict [DefaultCSP], no guessing of content types, and nothing for
// other origins. What h sets itself wins.
func Secure(h http.Handler, opts ...Option) http.Handler {
	o := newOptions(opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.apply(w.Header())
		h.ServeHTTP(w, r)
	})
}

func (o *options) apply(header http.Header) {
	for name, values := range o.header {
		header[name] = append([]string(nil), values...)
	}
}
