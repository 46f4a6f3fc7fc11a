package atedispatcher_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// serverProgram is the dispatcher, which `npm run build` in the root of the repository builds.
var serverProgram = filepath.Join("..", "..", "dist", "main.js")

// addressVariable names the environment variable with the examples' dispatcher.
const addressVariable = "ATE_DISPATCHER_ADDRESS"

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	if _, err := os.Stat(serverProgram); err != nil {
		return 1, fmt.Errorf("the dispatcher is not built (%w); run npm run build in the root of the repository", err)
	}
	if os.Getenv(addressVariable) == "" {
		shared, err := startServer("127.0.0.1:0")
		if err != nil {
			return 1, err
		}
		defer shared.kill()
		if err := os.Setenv(addressVariable, shared.address); err != nil {
			return 1, err
		}
	}
	folder, err := os.MkdirTemp("", "ate-dispatcher")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	secured, err := startSecured(folder)
	if err != nil {
		return 1, err
	}
	defer secured.kill()
	existing := goleak.IgnoreCurrent()
	code := m.Run()
	if err := goleak.Find(existing); code == 0 && err != nil {
		return 1, fmt.Errorf("goroutines outlive the tests: %w", err)
	}
	return code, nil
}

// server is a dispatcher in a process of its own.
type server struct {
	address string
	args    []string
	process *exec.Cmd
	exited  chan struct{}
	log     *logBuffer
}

func startServer(listen string, args ...string) (*server, error) {
	s := &server{args: args, exited: make(chan struct{}), log: &logBuffer{}}
	full := append([]string{serverProgram, "serve", "--log-level", "warn", "--listen", listen}, args...)
	s.process = exec.Command("node", full...)
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.process.Stderr = s.log
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("node cannot be started: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		return nil, fmt.Errorf("the dispatcher did not start (%v): %q\n%s", err, line, s.log)
	}
	s.address = address
	guard, err := guardAgainstOrphans(s.process.Process.Pid)
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(s.exited)
		_, _ = io.Copy(io.Discard, stdout)
		_ = s.process.Wait()
		_ = guard.Process.Kill()
		_ = guard.Wait()
	}()
	return s, nil
}

// guardAgainstOrphans kills a process when this one ends, even by SIGKILL: the guard's standard input ends only then.
func guardAgainstOrphans(pid int) (*exec.Cmd, error) {
	guard := exec.Command("sh", "-c", fmt.Sprintf("read _; kill -9 %d", pid))
	if _, err := guard.StdinPipe(); err != nil {
		return nil, err
	}
	return guard, guard.Start()
}

// kill kills the server and waits for its end.
func (s *server) kill() {
	_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	<-s.exited
}

// terminate makes the server drain, and waits for its end.
func (s *server) terminate(t testing.TB) {
	t.Helper()
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(15 * time.Second):
		t.Fatal("the server did not end after SIGTERM")
	}
}

// restart starts another server on the same address.
func (s *server) restart(t testing.TB) *server {
	t.Helper()
	return serveOn(t, s.address, s.args...)
}

// serve starts a dispatcher and kills it after the test.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	return serveOn(t, "127.0.0.1:0", args...)
}

func serveOn(t testing.TB, listen string, args ...string) *server {
	t.Helper()
	s, err := startServer(listen, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("log of the server at %s:\n%s", s.address, s.log)
		}
	})
	return s
}

// logBuffer collects the output of a process.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var errTimeout = errors.New("timed out")
