package utility

import (
	"encoding/base64"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility/internal/confine"
	"github.com/oriel-go/oriel/utility/internal/keeper"
	"github.com/oriel-go/oriel/utility/port"
)

const (
	// argument starts the one argument of a utility process of the app's own executable; its name follows. It is for those who look at a
	// list of processes.
	argument = "--utility="
	// variable holds the setup of such a process. The process takes it out of its environment.
	variable = "ORIEL_UTILITY"
	// programArgument is what follows argument in a process that only confines itself and then becomes another program.
	programArgument = "-program"
	// portFD is the descriptor of a process's port.
	portFD = 3
)

// A setup is what a process of the app's own executable is told of itself.
type setup struct {
	Name    string
	Args    []string
	Rules   confine.Rules
	Program *program // another executable, which the process becomes once it is confined
	// Confined is set for the second stage: see package confine.
	Confined bool
}

// text is the setup as it stands in the environment: arguments and paths need not be UTF-8.
func (s *setup) text() (string, error) {
	data, err := msgpack.Marshal(s)
	return base64.StdEncoding.EncodeToString(data), err
}

func parseSetup(text string) (*setup, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	s := new(setup)
	return s, msgpack.Unmarshal(data, s)
}

// A program is an executable with its arguments.
type program struct {
	Path string
	Argv []string
}

// own is this process's setup, nil in the app itself.
var own *setup

// What a process is, it learns before any code of the app's but the init functions of what happens to come first: the keeper of processes
// stays in here, and a utility process is confined from here on.
func init() {
	keeper.Main()
	text := os.Getenv(variable)
	if text == "" || len(os.Args) != 2 || !strings.HasPrefix(os.Args[1], argument) {
		return
	}
	s, err := parseSetup(text)
	if err != nil {
		fail(fmt.Errorf("setup: %w", err))
	}
	_ = os.Unsetenv(variable)
	if !s.Confined {
		fail(s.confine())
	}
	os.Args = os.Args[:1] // a main function that parses flags finds none
	unix.CloseOnExec(portFD)
	if err := s.Rules.Finish(); err != nil {
		fail(err)
	}
	own = s
}

// confine confines this thread and executes what is to run confined: this executable once more, or another program. It returns only if it
// fails.
func (s *setup) confine() error {
	runtime.LockOSThread()
	s.Confined = true
	text, err := s.text()
	if err != nil {
		return err
	}
	path, argv, env := "/proc/self/exe", os.Args, append(os.Environ(), variable+"="+text)
	if s.Program != nil {
		path, argv, env = s.Program.Path, s.Program.Argv, os.Environ()
	}
	if err := s.Rules.Begin(); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", path, unix.Exec(path, argv, env))
}

// failedCode is the exit code of a process that could not be set up.
const failedCode = 125

// fail ends a process that could not be set up, and tells the app why.
func fail(err error) {
	fmt.Fprintf(os.Stderr, "utility process: %v\n", err)
	_ = port.Tell(portFD, cut(err.Error(), maxMessage))
	os.Exit(failedCode)
}
