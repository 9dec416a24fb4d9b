// Package sandbox finds out, before Chromium is started, whether its sandbox can work here, and what to do if it cannot. Chromium
// itself ends the process without a word to Go when it finds no usable sandbox.
package sandbox

import (
	"errors"
	"fmt"
)

// Policy is what an app wants when the sandbox cannot work.
type Policy int

// The zero Policy is Required: without the sandbox, an app does not start.
const (
	Required Policy = iota // refuse to start
	Auto                   // go on without, and say so loudly
	Disabled               // never use it
)

// String returns the policy's name.
func (p Policy) String() string {
	switch p {
	case Required:
		return "Required"
	case Auto:
		return "Auto"
	case Disabled:
		return "Disabled"
	}
	return fmt.Sprintf("Policy(%d)", int(p))
}

// Means is what Chromium's sandbox is built on.
type Means int

// Chromium takes user namespaces where it can, and its setuid helper otherwise.
const (
	None Means = iota
	Namespace
	Setuid
)

// HelperEnv names the setuid helper for Chromium when none lies beside the executable.
const HelperEnv = "CHROME_DEVEL_SANDBOX"

// ErrUnusable is the kind of every error that says that there is no sandbox.
var ErrUnusable = errors.New("the sandbox of Chromium cannot be used here")

// Report is what Check found.
type Report struct {
	Means Means
	// Helper is the setuid helper that must stand in HelperEnv, if Chromium would not find it by itself.
	Helper string
	// Why says what stands in the way, and Mend how to change that; both are empty when the sandbox works.
	Why, Mend string
}

// Err returns nil if the sandbox works, and else an error of kind ErrUnusable that says why not and how to mend it.
func (r Report) Err() error {
	if r.Means != None {
		return nil
	}
	return fmt.Errorf("%w: %s\n%s", ErrUnusable, r.Why, r.Mend)
}

// Decision is what to start Chromium with.
type Decision struct {
	Sandbox bool
	// Helper, if not empty, must be set as HelperEnv in the environment before CEF is initialized.
	Helper string
	// Warning, if not empty, must be logged loudly.
	Warning string
}

// Decide looks at this machine and applies the policy. runtimeDir is the folder of the CEF runtime.
func Decide(policy Policy, runtimeDir string) (Decision, error) {
	if policy == Disabled {
		return Decision{Warning: "the sandbox is switched off by the app: its pages run with the rights of this user"}, nil
	}
	return decide(policy, Check(runtimeDir))
}

func decide(policy Policy, report Report) (Decision, error) {
	err := report.Err()
	switch {
	case err == nil:
		return Decision{Sandbox: true, Helper: report.Helper}, nil
	case policy == Auto:
		return Decision{Warning: "going on WITHOUT the sandbox, pages run with the rights of this user: " + err.Error()}, nil
	}
	return Decision{}, err
}
