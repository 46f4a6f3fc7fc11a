package atedispatcher_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// setUpSecured starts a TLS endpoint of a dispatcher, writes the files of a client that uses it, and names all of them
// in the environment, for the example. The names do not begin with ATE_DISPATCHER_, because a dispatcher refuses variables
// with this prefix that it does not know.
func setUpSecured(dispatcher, folder string) error {
	ca := newAuthority()
	address, err := terminateTLS(dispatcher, ca.valid().pair)
	if err != nil {
		return err
	}
	if err := os.Setenv("SECURED_ADDRESS", address); err != nil {
		return err
	}
	for variable, content := range map[string][]byte{"SECURED_CA": ca.pem, "SECURED_TOKEN_FILE": []byte("secret\n")} {
		file := filepath.Join(folder, variable)
		if err := errors.Join(os.WriteFile(file, content, 0o600), os.Setenv(variable, file)); err != nil {
			return err
		}
	}
	return nil
}

// terminateTLS decrypts connections and forwards them to a dispatcher, until the process ends.
func terminateTLS(dispatcher string, pair tls.Certificate) (address string, err error) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
	if err != nil {
		return "", err
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go forwardBoth(near, dispatcher)
		}
	}()
	return listener.Addr().String(), nil
}

// forwardBoth forwards a connection to an address until either side ends.
func forwardBoth(near net.Conn, address string) {
	defer near.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	for _, ends := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(ends[0], ends[1])
			_ = near.Close()
			_ = far.Close()
		})
	}
	both.Wait()
}
