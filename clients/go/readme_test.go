package atedispatcher_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmeShowsPartsOfTheExamples checks that every Go block of the README is a part of the examples, which run.
func TestTheReadmeShowsPartsOfTheExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.NewReplacer(
		`os.Getenv("ATE_DISPATCHER_ADDRESS")`, `"127.0.0.1:50051"`,
		`os.Getenv("SECURED_ADDRESS")`, `"dispatcher.example:50051"`,
		`os.Getenv("SECURED_CA")`, `"ca.pem"`,
		`os.Getenv("SECURED_TOKEN_FILE")`, `"/run/secrets/token"`,
	).Replace(string(examples))
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 7 {
		t.Errorf("there are %d blocks", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(shown, block[1]) {
			t.Errorf("the examples do not contain:\n%s", block[1])
		}
	}
}
