package fetch

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// maxArchive bounds what a server may send: CEF's archives are a tenth of it.
const maxArchive = 4 << 30

var errStalled = errors.New("no byte came for too long")

func (f *fetcher) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: f.dial}).DialContext,
		TLSHandshakeTimeout:   f.answer,
		ResponseHeaderTimeout: f.answer,
		DisableCompression:    true, // the archive is compressed, and Content-Length shall be its size
		DisableKeepAlives:     true,
	}}
}

// download gets address into file. Beside it, unpacked more bytes must have room.
func (f *fetcher) download(ctx context.Context, address, file string, unpacked int64) error {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return fmt.Errorf("only http and https URLs can be fetched")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	response, err := f.get(ctx, address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	size := response.ContentLength // -1: not told
	if size > maxArchive {
		return fmt.Errorf("%w: the server offers %s", ErrArchive, bytesText(size))
	}
	if err := f.space(max(size, 0) + unpacked); err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()

	bar := f.out.bar("Downloading CEF", max(size, 0))
	defer bar.end()
	watchdog := time.AfterFunc(f.stall, func() { cancel(errStalled) })
	defer watchdog.Stop()
	body := &watched{io.LimitReader(response.Body, maxArchive+1), func() { watchdog.Reset(f.stall) }}
	n, err := io.Copy(io.MultiWriter(out, bar), body)
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return fmt.Errorf("%w (%v) after %s", errStalled, f.stall, bytesText(n))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the connection broke after %s of %s", bytesText(n), bytesText(size))
	case err != nil:
		return f.spaceError(err)
	case n > maxArchive:
		return fmt.Errorf("%w: more than %s came", ErrArchive, bytesText(maxArchive))
	}
	return out.Close()
}

// get answers with a response that says 200, or with an error of one line.
func (f *fetcher) get(ctx context.Context, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := f.client().Do(request)
	if err != nil {
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() && ctx.Err() == nil {
			return nil, fmt.Errorf("%s does not answer", request.URL.Host)
		}
		var wrapped *url.Error // it repeats the whole URL
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s answers %s", request.URL.Host, response.Status)
	}
	return response, nil
}

// watched reports each read that brought something.
type watched struct {
	r    io.Reader
	came func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.came()
	}
	return n, err
}

// checkSHA1 compares the archive with the .sha1 that the builds site publishes beside it, if it does. It finds a damaged download
// before it is unpacked; what the files must be is pinned with SHA-256.
func (f *fetcher) checkSHA1(ctx context.Context, address, file string) error {
	ctx, cancel := context.WithTimeout(ctx, f.answer)
	defer cancel()
	response, err := f.get(ctx, address+".sha1")
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 256))
	if err != nil {
		return nil
	}
	want, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if _, err := hex.DecodeString(want); err != nil || len(want) != 2*sha1.Size {
		return nil // not a checksum: a page that says something else
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha1.New()
	if _, err := io.Copy(h, in); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, want) {
		return fmt.Errorf("%w: the archive has SHA-1 %s, and the site says %s", ErrChecksum, got, want)
	}
	return nil
}
