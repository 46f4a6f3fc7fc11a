package atedispatcher_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheProgramsOfTheRootReadmePrintWhatIsShown runs them as they stand but for the address.
func TestTheProgramsOfTheRootReadmePrintWhatIsShown(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	programs := regexp.MustCompile("(?s)```go\n(.*?)```\n\n```text\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(programs) == 0 {
		t.Error("there is none")
	}
	for _, program := range programs {
		file := filepath.Join(t.TempDir(), "main.go")
		code := strings.ReplaceAll(program[1], "127.0.0.1:50051", os.Getenv(addressVariable))
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		// From here, so that the import is this module.
		output, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
		if err != nil || string(output) != program[2] {
			t.Errorf("got %v:\n%s", err, output)
		}
	}
}
