package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// mavenPlugin copies one artifact without a project. Pinned: another version is another program.
const mavenPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"

// pluginSize is about what mvn loads for itself before it comes to the artifact.
const pluginSize = 24 << 20

// maxReason is how much of mvn's own words an error repeats.
const maxReason = 300

var errNotTrusted = errors.New("the server's certificate is not trusted")

// fromMaven lets the mvn client bring the jar. Which server has it is the client's and its settings' business, not ours.
func (f *fetcher) fromMaven(ctx context.Context, scratch, made string) error {
	mvn, err := exec.LookPath(f.mvn)
	if err != nil {
		return ErrNoMaven
	}
	m := f.manifest.Maven
	if err := f.space(2*m.Size + pluginSize + f.manifest.Size()); err != nil {
		return err
	}
	err = f.runMaven(ctx, mvn, scratch, "")
	if errors.Is(err, errNotTrusted) { // not by Java: perhaps by the machine
		store := filepath.Join(scratch, "trusted.jks")
		if writeTrustStore(store, append([]string{os.Getenv("SSL_CERT_FILE")}, systemBundles...)) == nil {
			err = f.runMaven(ctx, mvn, scratch, "-Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStore="+store+
				" -Djavax.net.ssl.trustStorePassword="+trustStorePassword)
		}
	}
	if err != nil {
		return err
	}
	jars, err := filepath.Glob(filepath.Join(escapeGlob(scratch), "out", "*.jar"))
	if err != nil || len(jars) != 1 {
		return fmt.Errorf("mvn ended well but left %d jars", len(jars))
	}
	os.RemoveAll(filepath.Join(scratch, "repository")) // it has the jar a second time
	if err := checkSHA256(jars[0], m.SHA256); err != nil {
		return err
	}
	return f.unpack(ctx, jars[0], made, m.InnerSHA256)
}

// runMaven uses a repository of its own in scratch, so that the user's does not grow by a jar that is of no use to Maven.
// java are options for Java itself.
func (f *fetcher) runMaven(ctx context.Context, mvn, scratch, java string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, mvn, "-B", "-q", "-Dstyle.color=never",
		"-Dmaven.repo.local="+filepath.Join(scratch, "repository"),
		"-Daether.connector.connectTimeout=5000", "-Daether.connector.requestTimeout=20000", "-Dmaven.wagon.http.retryHandler.count=1",
		mavenPlugin, "-Dartifact="+f.manifest.Maven.Coordinate+":jar", "-DoutputDirectory="+filepath.Join(scratch, "out"))
	cmd.Dir = scratch // no project's pom.xml or .mvn folder shall have a say
	cmd.Env = append(os.Environ(), "MAVEN_OPTS="+strings.Join([]string{mavenProxy(os.Getenv), java, os.Getenv("MAVEN_OPTS")}, " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // mvn is a script: its java must end with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said

	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		f.watchMaven(done, scratch, cancel)
	}()
	err := cmd.Run()
	close(done)
	<-watched
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return fmt.Errorf("mvn: %w (%v)", errStalled, 3*f.stall)
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && strings.Contains(said.String(), "PKIX path"):
		return fmt.Errorf("mvn: %w: %s", errNotTrusted, mavenReason(said.String(), err))
	case err != nil:
		return fmt.Errorf("mvn: %s", mavenReason(said.String(), err))
	}
	return nil
}

// watchMaven shows how the scratch folder grows, for mvn itself tells nothing, and ends an mvn that gets nothing.
func (f *fetcher) watchMaven(done <-chan struct{}, scratch string, cancel context.CancelCauseFunc) {
	bar := f.out.bar("Fetching CEF by Maven", f.manifest.Maven.Size+pluginSize)
	defer bar.end()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	last, since := int64(0), time.Now()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		size := folderSize(scratch)
		if size != last {
			last, since = size, time.Now()
		} else if time.Since(since) > 3*f.stall { // java itself starts slowly, too
			cancel(errStalled)
			return
		}
		bar.set(size)
	}
}

func folderSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // mvn moves files about while we look
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}

// mavenReason finds the one line that says what was wrong.
func mavenReason(said string, err error) string {
	for line := range strings.Lines(said) {
		_, line, ok := strings.Cut(line, "[ERROR]") // escape sequences may stand before it
		if line = strings.TrimSpace(line); !ok || line == "" {
			continue
		}
		if _, cause, ok := strings.Cut(line, mavenPlugin+" "); ok {
			line = cause
		}
		line, _, _ = strings.Cut(line, " -> [Help")
		if len(line) > maxReason { // what happened comes last
			line = "…" + strings.ToValidUTF8(line[len(line)-maxReason:], "")
		}
		return line
	}
	return err.Error()
}

// mavenProxy says in Java's words what the proxy variables say. They go by MAVEN_OPTS and not by arguments, which all users of a
// machine can read. Settings that name a proxy come before these.
func mavenProxy(getenv func(string) string) string {
	var opts []string
	for _, scheme := range []string{"http", "https"} {
		value := getenv(strings.ToUpper(scheme) + "_PROXY")
		if value == "" {
			value = getenv(scheme + "_proxy")
		}
		if value != "" && !strings.Contains(value, "://") {
			value = "http://" + value
		}
		proxy, err := url.Parse(value)
		if err != nil || proxy.Hostname() == "" {
			continue
		}
		port := proxy.Port()
		if port == "" {
			port = map[string]string{"https": "443"}[proxy.Scheme]
		}
		if port == "" {
			port = "80"
		}
		opts = append(opts, "-D"+scheme+".proxyHost="+proxy.Hostname(), "-D"+scheme+".proxyPort="+port)
		if password, ok := proxy.User.Password(); ok && !strings.ContainsAny(proxy.User.Username()+password, " \t\n*?[") {
			opts = append(opts, "-D"+scheme+".proxyUser="+proxy.User.Username(), "-D"+scheme+".proxyPassword="+password)
		}
	}
	if len(opts) == 0 {
		return ""
	}
	if none := mavenNoProxy(getenv("NO_PROXY") + "," + getenv("no_proxy")); none != "" {
		opts = append(opts, "-Dhttp.nonProxyHosts="+none)
	}
	return strings.Join(append(opts, "-Daether.connector.http.useSystemProperties=true"), " ")
}

func mavenNoProxy(list string) string {
	var hosts []string
	for _, host := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if strings.HasPrefix(host, ".") {
			host = "*" + host
		}
		hosts = append(hosts, host)
	}
	return strings.Join(hosts, "|")
}

func checkSHA256(file, want string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%w: %s has SHA-256 %s, pinned is %s", ErrChecksum, filepath.Base(file), got, want)
	}
	return nil
}
