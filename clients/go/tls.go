package atedispatcher

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"google.golang.org/grpc/credentials"
)

// TLS configures encryption, for [WithTLS]. All certificates and the key are PEM text, not paths. The zero value trusts
// the authorities of the system and has no client certificate.
type TLS struct {
	// CA holds the certificates of the trusted authorities. Empty: the authorities of the system.
	CA []byte
	// Cert is the certificate of this client, followed by intermediate ones, for servers that require it. With Key.
	Cert []byte
	// Key is the private key of Cert. Formatted output omits it.
	Key []byte `json:"-"`
	// ServerName is the name that the certificate of the server must have. Empty: the host of the address.
	ServerName string
}

// Format prints the server name, and never the key.
func (t TLS) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "TLS{ServerName: %q}", t.ServerName)
}

// WithTLS encrypts all connections, with TLS 1.2 or newer. NewClient fails with ErrInvalidArgument if a certificate or
// the key is malformed, or they do not belong together. The last of WithTLS, WithTLSConfig and WithTransportCredentials
// counts.
func WithTLS(options TLS) Option {
	return func(o *clientOptions) {
		o.newCredentials = func(found *violations) credentials.TransportCredentials {
			return newTLSCredentials(options.config(found))
		}
	}
}

// WithTLSConfig is WithTLS with a configuration of crypto/tls, for example with GetClientCertificate for certificates
// that are renewed while the program runs. The configuration is cloned.
func WithTLSConfig(config *tls.Config) Option {
	return func(o *clientOptions) {
		o.newCredentials = func(found *violations) credentials.TransportCredentials {
			if config == nil {
				found.add("tls", "is nil")
				return nil
			}
			return newTLSCredentials(config)
		}
	}
}

// config returns the configuration of crypto/tls, and adds what is malformed.
func (t TLS) config(found *violations) *tls.Config {
	config := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if len(t.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if err := addAuthorities(config.RootCAs, t.CA); err != nil {
			found.add("tls.ca", "%v", err)
		}
	}
	switch {
	case len(t.Cert) == 0 && len(t.Key) == 0:
	case len(t.Key) == 0:
		found.add("tls.key", "is missing; tls.cert needs it")
	case len(t.Cert) == 0:
		found.add("tls.cert", "is missing; tls.key needs it")
	default:
		pair, err := tls.X509KeyPair(t.Cert, t.Key)
		if err != nil {
			found.add("tls.cert", "and tls.key cannot be used (%v); use the PEM text of both", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

// addAuthorities adds every certificate of a PEM text. [x509.CertPool.AppendCertsFromPEM] would skip malformed ones.
func addAuthorities(pool *x509.CertPool, text []byte) error {
	count := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("holds a block that is not a certificate; use the certificates of the authorities only")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("holds a malformed certificate (%w)", err)
		}
		pool.AddCert(certificate)
		count++
	}
	if count == 0 {
		return fmt.Errorf("holds no certificate; use PEM text, not a path")
	}
	return nil
}
