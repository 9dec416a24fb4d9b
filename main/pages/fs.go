package pages

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

const indexPage = "index.html"

// FS serves the files of fsys: an embed.FS, os.DirFS (which follows links out of its folder; os.Root's FS does not) or any other.
// A folder is served by its index.html; nothing is listed. Ranges and conditional requests are answered if files can seek.
func FS(fsys fs.FS, opts ...Option) http.Handler {
	s := &files{fsys: fsys, options: newOptions(opts), tags: tags{known: map[string]string{}}}
	if dir := s.options.folder; dir != "" {
		sub, err := fs.Sub(fsys, dir)
		if err != nil {
			panic(fmt.Errorf("pages: Folder(%q): %w", dir, err))
		}
		s.fsys = sub
	}
	return s
}

type files struct {
	fsys    fs.FS
	options *options
	tags    tags
}

// ServeHTTP implements http.Handler.
func (s *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.options.apply(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 pages are only read: GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	name, ok := fileName(r.URL.Path)
	if !ok {
		http.Error(w, "400 not a path: "+strconv.Quote(r.URL.Path), http.StatusBadRequest)
		return
	}
	name, info, err := s.find(name, r.URL.Path)
	if errors.Is(err, errNeedsSlash) {
		s.redirect(w, r)
		return
	}
	if errors.Is(err, fs.ErrNotExist) && s.options.singlePage != "" && navigation(r) {
		name = s.options.singlePage
		info, err = fs.Stat(s.fsys, name)
	}
	if err == nil {
		err = s.serve(w, r, name, info)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// fileName turns a URL's path into a name in fsys. What fs.ValidPath refuses, such as .. and empty parts, is refused and not mended.
func fileName(p string) (string, bool) {
	name := strings.TrimSuffix(strings.TrimPrefix(p, "/"), "/")
	if name == "" {
		return ".", p == "/" || p == ""
	}
	return name, fs.ValidPath(name) && name != "." && !strings.ContainsRune(name, 0)
}

var errNeedsSlash = errors.New("a folder's address ends in a slash")

// find returns the file that is to be served for name.
func (s *files) find(name, urlPath string) (string, fs.FileInfo, error) {
	info, err := fs.Stat(s.fsys, name)
	if err != nil {
		return name, nil, err
	}
	slash := strings.HasSuffix(urlPath, "/") || name == "."
	if !info.IsDir() {
		if slash {
			return name, nil, &fs.PathError{Op: "open", Path: name + "/", Err: fs.ErrNotExist}
		}
		return name, info, nil
	}
	index := path.Join(name, indexPage)
	if info, err = fs.Stat(s.fsys, index); err == nil && !slash {
		err = errNeedsSlash
	}
	return index, info, err
}

// redirect adds the slash, by which the page's relative addresses begin in the folder.
func (s *files) redirect(w http.ResponseWriter, r *http.Request) {
	to := "./" + path.Base(r.URL.EscapedPath()) + "/"
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// navigation reports whether a page asks for a document to show.
func navigation(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (s *files) serve(w http.ResponseWriter, r *http.Request, name string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := s.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	setDefault(h, "Cache-Control", "no-cache")
	content, ok := f.(io.ReadSeeker)
	if !ok {
		h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			_, _ = io.Copy(w, f)
		}
		return nil
	}
	tag, err := s.tags.of(name, info, content)
	if err != nil {
		return err
	}
	if tag != "" {
		h.Set("ETag", tag)
	}
	http.ServeContent(w, r, "", info.ModTime(), content)
	return nil
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}

func (s *files) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, fmt.Sprintf("404 the app has no file for %q", r.URL.Path), http.StatusNotFound)
	case errors.Is(err, fs.ErrPermission):
		http.Error(w, fmt.Sprintf("403 the app may not read %q", r.URL.Path), http.StatusForbidden)
	default:
		http.Error(w, fmt.Sprintf("500 %q cannot be read", r.URL.Path), http.StatusInternalServerError)
	}
}
