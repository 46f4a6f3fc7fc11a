package atedispatcher_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheProgramsOfTheRootReadmePrintTheShownOutput runs the programs unchanged except for the address.
func TestTheProgramsOfTheRootReadmePrintTheShownOutput(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	programs := regexp.MustCompile("(?s)```go\n(.*?)```\n\n```text\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(programs) == 0 {
		t.Error("the README has no program")
	}
	for _, program := range programs {
		file := filepath.Join(t.TempDir(), "main.go")
		code := strings.ReplaceAll(program[1], "127.0.0.1:50051", os.Getenv(addressVariable))
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		// The working directory is this module, so that the program imports it.
		output, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
		if err != nil || string(output) != program[2] {
			t.Errorf("got %v:\n%s", err, output)
		}
	}
}
