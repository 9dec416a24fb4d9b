package fetch

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site serves the archive and its checksum under the names that CEF's builds site uses.
func site(t *testing.T, archive []byte, sha1sum string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cef_binary_1.2.3+test_linux64_minimal.tar.bz2":
			w.Write(archive)
		case "/cef_binary_1.2.3+test_linux64_minimal.tar.bz2.sha1":
			fmt.Fprint(w, sha1sum)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestBuildsSite(t *testing.T) {
	archive := tarBz2(t)
	h := sha1.Sum(archive)
	right := hex.EncodeToString(h[:])
	for name, sum := range map[string]string{"with its checksum": right, "with a page instead of one": "<html>"} {
		t.Run(name, func(t *testing.T) {
			f := quick(pinned(), target(t), site(t, archive, sum).URL)
			if _, err := f.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			isWhole(t, f.Dir)
		})
	}
	f := quick(pinned(), target(t), site(t, archive, strings.Repeat("0", 40)).URL)
	f.fails(t, ErrChecksum, "SHA-1", right)
}

// Each bad server must be given up soon, with its reason, and leave the fetcher free to try the next source.
func TestBadServers(t *testing.T) {
	archive := tarGz(t, published())
	wait := make(chan struct{})
	defer close(wait)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	serve := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.CloseClientConnections)
		return server.URL
	}
	for name, test := range map[string]struct{ site, want string }{
		"nobody listens": {"http://" + closed.Addr().String(), "connection refused"},
		"no answer":      {serve(func(w http.ResponseWriter, r *http.Request) { <-wait }), "does not answer"},
		"not found":      {serve(http.NotFound), "404"},
		"stalls": {serve(func(w http.ResponseWriter, r *http.Request) {
			w.Write(archive[:50])
			w.(http.Flusher).Flush()
			<-wait
		}), "no byte came"},
		"breaks off": {serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
			w.Write(archive[:50])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}), "the connection broke after 50 bytes"},
		"sends a part": {serve(func(w http.ResponseWriter, r *http.Request) { w.Write(archive[:len(archive)/2]) }), "damaged"},
		"sends a page": {serve(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>log in</html>") }), "neither jar, zip"},
		"offers too much": {serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(int64(maxArchive)+1))
		}), "the server offers"},
	} {
		t.Run(name, func(t *testing.T) {
			f := quick(pinned(), target(t), test.site)
			said := new(bytes.Buffer)
			f.Output = said
			start := time.Now()
			f.fails(t, ErrNoMaven, test.want, "mvn is not installed", "--from")
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if !strings.Contains(said.String(), "CEF's builds site: ") {
				t.Errorf("no line for the source: %q", said)
			}
		})
	}
}

func TestSlowButSteadyServerIsWaitedFor(t *testing.T) {
	archive := tarGz(t, published())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for part := archive; len(part) > 0; part = part[min(len(part), 400):] {
			w.Write(part[:min(len(part), 400)])
			w.(http.Flusher).Flush()
			time.Sleep(60 * time.Millisecond)
		}
	}))
	defer server.Close()
	f := quick(pinned(), target(t), "")
	f.From = server.URL
	if _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	isWhole(t, f.Dir)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("\x1f\x8b"))
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	f := quick(pinned(), target(t), server.URL)
	f.stall = time.Minute
	if _, err := f.run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	onlyEntries(t, filepath.Dir(f.Dir))
}

// client writes a program that stands for mvn: a shell script with the artifact's jar at hand.
func client(t *testing.T, jar []byte, script string) string {
	t.Helper()
	file := write(t, "the.jar", jar)
	mvn := filepath.Join(t.TempDir(), "mvn")
	text := "#!/bin/sh\njar='" + file + "'\nfor a in \"$@\"; do case $a in -DoutputDirectory=*) out=${a#*=};; -Dartifact=*) artifact=${a#*=};; esac; done\n" + script
	if err := os.WriteFile(mvn, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return mvn
}

func TestMaven(t *testing.T) {
	inner := tarGz(t, flat())
	jar := zipped(t, []entry{{"natives.tar.gz", string(inner), 0}})
	fetcherWith := func(script string) *fetcher {
		m := pinned()
		m.Maven.SHA256, m.Maven.InnerSHA256, m.Maven.Size = sum(jar), sum(inner), int64(len(jar))
		f := quick(m, target(t), "http://127.0.0.1:1")
		f.mvn = client(t, jar, script)
		return f
	}
	const good = `[ "$artifact" = org.example:cef:1.2.3+test:jar ] && mkdir -p "$out" && cp "$jar" "$out/cef.jar"`
	t.Run("after the builds site", func(t *testing.T) {
		f := fetcherWith(good)
		if _, err := f.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		isWhole(t, f.Dir)
	})
	t.Run("wrong jar", func(t *testing.T) {
		f := fetcherWith(good)
		f.manifest.Maven.SHA256 = strings.Repeat("0", 64)
		f.fails(t, ErrChecksum, sum(jar))
	})
	t.Run("wrong inner archive", func(t *testing.T) {
		f := fetcherWith(good)
		f.manifest.Maven.InnerSHA256 = strings.Repeat("0", 64)
		f.fails(t, ErrChecksum, "natives.tar.gz", sum(inner))
	})
	t.Run("mvn says why", func(t *testing.T) {
		f := fetcherWith("printf '\\033[0m[ERROR] Could not find artifact %s -> [Help 1]\\n[ERROR] \\n' \"$artifact\"; exit 1")
		f.fails(t, nil, "Could not find artifact org.example:cef:1.2.3+test:jar")
	})
	t.Run("mvn hangs", func(t *testing.T) {
		f := fetcherWith("sleep 600 & wait")
		f.stall = 100 * time.Millisecond
		f.fails(t, nil, "no byte came")
	})
	t.Run("mvn leaves nothing", func(t *testing.T) { fetcherWith("exit 0").fails(t, nil, "left 0 jars") })
	t.Run("a certificate that only the machine trusts", func(t *testing.T) {
		f := fetcherWith(`case $MAVEN_OPTS in *trustStore=*) ` + good + `;; *) echo '[ERROR] PKIX path building failed'; exit 1;; esac`)
		t.Setenv("SSL_CERT_FILE", write(t, "ca.pem", []byte(testCertificate)))
		if _, err := f.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		isWhole(t, f.Dir)
	})
	t.Run("unknown source", func(t *testing.T) {
		f := fetcherWith(good)
		f.Source = "attic"
		f.fails(t, nil, `"attic"`)
	})
}

func TestMavenProxy(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, ""},
		{map[string]string{"HTTPS_PROXY": "http://proxy.example:3128"}, "-Dhttps.proxyHost=proxy.example -Dhttps.proxyPort=3128 -Daether.connector.http.useSystemProperties=true"},
		{map[string]string{"http_proxy": "proxy.example", "NO_PROXY": "localhost,.example.org"},
			"-Dhttp.proxyHost=proxy.example -Dhttp.proxyPort=80 -Dhttp.nonProxyHosts=localhost|*.example.org -Daether.connector.http.useSystemProperties=true"},
		{map[string]string{"HTTPS_PROXY": "https://me:secret@proxy.example"},
			"-Dhttps.proxyHost=proxy.example -Dhttps.proxyPort=443 -Dhttps.proxyUser=me -Dhttps.proxyPassword=secret -Daether.connector.http.useSystemProperties=true"},
		{map[string]string{"HTTPS_PROXY": "::"}, ""},
	} {
		if got := mavenProxy(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %s", test.env, got)
		}
	}
}

func TestBarLines(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(&out)
	b := c.bar("Work", 2048)
	for range 4 {
		b.Write(make([]byte, 512))
	}
	b.end()
	if want := "Work (2.0 KiB)\nWork: 25 %\nWork: 50 %\nWork: 75 %\nWork: 100 %\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	c.tty = true
	b = c.bar("Work", 100)
	b.set(50)
	b.set(100)
	b.end()
	if got := out.String(); !strings.Contains(got, "\r") || !strings.HasSuffix(got, "] 100 %  100 bytes of 100 bytes\n") {
		t.Errorf("%q", got)
	}
}

// The Java that reads the key store is not part of the tests; its format is checked by its own rule, the digest at the end.
func TestTrustStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "store")
	if err := writeTrustStore(file, []string{"/does/not/exist", write(t, "ca.pem", []byte("text\n"+testCertificate+testCertificate))}); err != nil {
		t.Fatal(err)
	}
	store, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(store, []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x02\x00\x03ca0")) {
		t.Errorf("it begins %x", store[:24])
	}
	body, digest := store[:len(store)-sha1.Size], store[len(store)-sha1.Size:]
	want := sha1.Sum(append([]byte("\x00c\x00h\x00a\x00n\x00g\x00e\x00i\x00tMighty Aphrodite"), body...))
	if !bytes.Equal(digest, want[:]) {
		t.Errorf("digest %x", digest)
	}
	if err := writeTrustStore(file, []string{write(t, "empty", nil)}); err == nil {
		t.Error("a store of nothing")
	}
	if _, err := exec.LookPath("keytool"); err == nil { // where there is a Java, let it read the store
		list, err := exec.Command("keytool", "-list", "-storetype", "JKS", "-keystore", file, "-storepass", trustStorePassword).CombinedOutput()
		if err != nil || !bytes.Contains(list, []byte("2 entries")) {
			t.Errorf("keytool: %v: %s", err, list)
		}
	}
}
