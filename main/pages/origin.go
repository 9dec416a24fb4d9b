package pages

import "fmt"

// Scheme is the scheme of [Origin].
const Scheme = "app"

// Origin is the origin of an app's pages under its own scheme: app://name.
func Origin(name string) string { return Scheme + "://" + name }

// SecureOrigin is the https-like origin of an app's pages: https://name.localhost. Chromium never asks a name server for a host under
// .localhost, so that nothing leaves the machine even from a window that does not know the app's pages.
func SecureOrigin(name string) string { return "https://" + SecureHost(name) }

// SecureHost is the host of [SecureOrigin].
func SecureHost(name string) string { return name + ".localhost" }

// CheckName says what is wrong with a name for an origin. It must be a label of a host name: 1 to 63 lower-case letters, digits and inner
// hyphens, the first a letter.
func CheckName(name string) error {
	ok := len(name) >= 1 && len(name) <= 63 && name[0] >= 'a' && name[0] <= 'z' && name[len(name)-1] != '-'
	for _, c := range []byte(name) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return fmt.Errorf("pages: %q cannot name an origin: use 1 to 63 letters a–z, digits and inner hyphens, a letter first", name)
	}
	return nil
}
