package atedispatcher_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// write writes a file of a test and returns its path. It ends the process if it cannot.
func write(folder, name string, content []byte) string {
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		panic(err)
	}
	return path
}

// securedArgs returns the arguments of a dispatcher with TLS, and writes the files that they name. The principal vault,
// whose token is "good", may do everything on the topic secured.
func securedArgs(folder string, ca *authority) []string {
	own := ca.valid()
	tokens := fmt.Sprintf("- id: vault\n  sha256: \"%x\"\n", sha256.Sum256([]byte("good")))
	policy := "version: 1\nrules:\n  - principals: [vault]\n" +
		"    allow: { request: [secured], produce: [secured], listen: [secured] }\n"
	return []string{
		"--tls-cert-file", write(folder, "cert.pem", own.cert), "--tls-key-file", write(folder, "key.pem", own.key),
		"--auth-tokens-file", write(folder, "tokens.yaml", []byte(tokens)),
		"--policy-file", write(folder, "policy.yaml", []byte(policy)),
	}
}

// startSecured starts the dispatcher of the example with TLS, and names it and the files of its clients in the environment.
// The names do not begin with ATE_DISPATCHER_, because a dispatcher refuses variables with this prefix that it does not
// know.
func startSecured(folder string) (*server, error) {
	ca := newAuthority()
	secured, err := startServer("127.0.0.1:0", securedArgs(folder, ca)...)
	if err != nil {
		return nil, err
	}
	for variable, value := range map[string]string{
		"SECURED_ADDRESS":    secured.address,
		"SECURED_CA":         write(folder, "ca.pem", ca.pem),
		"SECURED_TOKEN_FILE": write(folder, "token", []byte("good\n")),
	} {
		if err := os.Setenv(variable, value); err != nil {
			secured.kill()
			return nil, err
		}
	}
	return secured, nil
}
