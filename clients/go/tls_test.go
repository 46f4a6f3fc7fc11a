package atedispatcher_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// serveTLS starts a stock gRPC server with TLS.
func serveTLS(t *testing.T, f *fake, config *tls.Config) (address string) {
	t.Helper()
	return serveFake(t, f, grpc.Creds(credentials.NewTLS(config)))
}

// clientName returns the SPIFFE id in the verified certificate of the caller.
func clientName(ctx context.Context) string {
	caller, _ := peer.FromContext(ctx)
	info, ok := caller.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return ""
	}
	return info.State.PeerCertificates[0].URIs[0].String()
}

func TestTLSIsConfiguredByPEMAndByCryptoTLS(t *testing.T) {
	ca := newAuthority()
	server, client := ca.valid(), ca.valid()
	var name string
	seen := func(ctx context.Context) { name = clientName(ctx) }
	address := serveTLS(t, &fake{
		dispatch: func(ctx context.Context, _ *dispatcherv1.DispatchRequest) error {
			seen(ctx)
			return nil
		},
		listen: func(_ int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
			seen(stream.Context())
			send(t, stream, readyEvent())
			<-stream.Context().Done()
			return nil
		},
	}, &tls.Config{Certificates: []tls.Certificate{server.pair}, ClientCAs: ca.pool(), ClientAuth: tls.VerifyClientCertIfGiven})
	asked := 0
	for _, c := range []struct {
		what   string
		option atedispatcher.Option
		name   string
	}{
		{"an authority", atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem}), ""},
		{"a server name", atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem, ServerName: "dispatcher.test"}), ""},
		{"a client certificate", atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem, Cert: client.cert, Key: client.key}), "spiffe://test/client"},
		{"two authorities", atedispatcher.WithTLS(atedispatcher.TLS{CA: slices.Concat(newAuthority().pem, ca.pem)}), ""},
		{"a configuration", atedispatcher.WithTLSConfig(&tls.Config{
			RootCAs: ca.pool(),
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				asked++
				return &client.pair, nil
			},
		}), "spiffe://test/client"},
	} {
		connected := connect(t, address, c.option)
		name = "not called"
		if _, err := connected.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{}); err != nil || name != c.name {
			t.Errorf("%s: the server knows %q, %v", c.what, name, err)
		}
		name = "not called"
		listener := connected.NewListener([]string{"t"}, atedispatcher.ListenerOptions{})
		background(t, listener.Run)
		if err := listener.Ready(testContext(t)); err != nil || name != c.name {
			t.Errorf("%s: the server knows %q, %v", c.what, name, err)
		}
	}
	if asked != 1 {
		t.Errorf("the certificate was asked for %d times on one connection", asked)
	}
}

// TestAFailedHandshakeIsToldToEveryUser checks the texts of a call, of a session and of both ways of waiting for one.
func TestAFailedHandshakeIsToldToEveryUser(t *testing.T) {
	ca, stranger := newAuthority(), newAuthority()
	server, expired, foreign := ca.valid(), ca.issue(time.Now().Add(-time.Minute)), stranger.valid()
	open := serveTLS(t, &fake{}, &tls.Config{Certificates: []tls.Certificate{server.pair}})
	stale := serveTLS(t, &fake{}, &tls.Config{Certificates: []tls.Certificate{expired.pair}})
	mutual := serveTLS(t, &fake{}, &tls.Config{
		Certificates: []tls.Certificate{server.pair}, ClientCAs: ca.pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	})
	plain := serveFake(t, &fake{})
	silent := serveSilent(t, server.pair)
	trusting := func(own issued) atedispatcher.Option {
		return atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem, Cert: own.cert, Key: own.key})
	}
	for _, c := range []struct {
		what    string
		address string
		option  atedispatcher.Option
		texts   []string
	}{
		{"an unknown authority", open, atedispatcher.WithTLS(atedispatcher.TLS{CA: stranger.pem}), []string{"unknown authority"}},
		{"another name", open, atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem, ServerName: "other.test"}), []string{"not other.test"}},
		{"an expired server", stale, trusting(issued{}), []string{"expired"}},
		{"no client certificate", mutual, trusting(issued{}), []string{"certificate required", "may require a client certificate, see WithTLS"}},
		{"no client certificate and no alert", silent, trusting(issued{}), []string{"may require a client certificate, see WithTLS"}},
		{"an expired client certificate", mutual, trusting(expired), []string{"expired certificate", "may not trust the certificate of this client"}},
		{"a foreign client certificate", mutual, trusting(foreign), []string{"may not trust the certificate of this client"}},
		{"no TLS", open, fastReconnect, []string{"may require TLS, see WithTLS"}},
		{"TLS without need", plain, trusting(issued{}), []string{"does not look like a TLS handshake"}},
	} {
		// A client of its own for each, since gRPC waits between two attempts.
		fresh := func() *atedispatcher.Client { return connect(t, c.address, c.option) }
		told := func(where string, err error) {
			t.Helper()
			for _, text := range c.texts {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%s: %s says %v, not %q", c.what, where, err, text)
				}
			}
		}
		ctx := testContext(t)
		_, err := fresh().Dispatch(ctx, "t", atedispatcher.RequestOptions{})
		told("Dispatch", err)
		_, err = fresh().Gather(ctx, "t", atedispatcher.RequestOptions{})
		told("Gather", err)
		submitter := fresh().NewSubmitter()
		_, err = submitter.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
		told("Submitter", err)
		submitter.Close()
		client := fresh()
		failed, losses := context.WithCancelCause(ctx)
		producer := client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{OnStatus: func(s atedispatcher.Status) {
			if s.Kind == atedispatcher.StatusDisconnected {
				losses(s.Err)
			}
		}})
		run := background(t, producer.Run)
		told("Ready", producer.Ready(failed))
		told("OnStatus", context.Cause(failed))
		told("WaitForReady", client.WaitForReady(failed))
		if err := run.end(t); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// serveSilent starts a server that ends each connection after its TLS handshake, without an alert.
func serveSilent(t *testing.T, pair tls.Certificate) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			_ = tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}).Handshake()
			_ = raw.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestMalformedTLSOptionsAreRefusedByName(t *testing.T) {
	ca := newAuthority()
	one, other := ca.valid(), ca.valid()
	for what, c := range map[string]struct {
		option atedispatcher.Option
		fields []string
	}{
		"a path":                   {atedispatcher.WithTLS(atedispatcher.TLS{CA: []byte("/etc/ca.pem")}), []string{"tls.ca"}},
		"a key as authority":       {atedispatcher.WithTLS(atedispatcher.TLS{CA: one.key}), []string{"tls.ca"}},
		"half a certificate":       {atedispatcher.WithTLS(atedispatcher.TLS{CA: []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}), []string{"tls.ca"}},
		"no key":                   {atedispatcher.WithTLS(atedispatcher.TLS{Cert: one.cert}), []string{"tls.key"}},
		"no certificate":           {atedispatcher.WithTLS(atedispatcher.TLS{Key: one.key}), []string{"tls.cert"}},
		"the key of another one":   {atedispatcher.WithTLS(atedispatcher.TLS{Cert: one.cert, Key: other.key}), []string{"tls.cert"}},
		"a certificate as key":     {atedispatcher.WithTLS(atedispatcher.TLS{Cert: one.cert, Key: one.cert}), []string{"tls.cert"}},
		"all of them":              {atedispatcher.WithTLS(atedispatcher.TLS{CA: []byte("x"), Key: one.key}), []string{"tls.ca", "tls.cert"}},
		"a configuration of nil":   {atedispatcher.WithTLSConfig(nil), []string{"tls"}},
		"credentials that are nil": {atedispatcher.WithTransportCredentials(nil), []string{"credentials"}},
	} {
		_, err := atedispatcher.NewClient("127.0.0.1:1", c.option)
		failure, ok := errors.AsType[*atedispatcher.Error](err)
		if !ok || failure.Code != codes.InvalidArgument {
			t.Errorf("%s: got %v", what, err)
			continue
		}
		var fields []string
		for _, violation := range failure.FieldViolations {
			fields = append(fields, violation.Field)
		}
		if !slices.Equal(fields, c.fields) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestAConfigurationIsClonedAndAKeyIsNotPrinted(t *testing.T) {
	ca := newAuthority()
	server := ca.valid()
	address := serveTLS(t, &fake{dispatch: func(context.Context, *dispatcherv1.DispatchRequest) error { return nil }},
		&tls.Config{Certificates: []tls.Certificate{server.pair}})
	config := &tls.Config{RootCAs: ca.pool()}
	client := connect(t, address, atedispatcher.WithTLSConfig(config))
	config.RootCAs = x509.NewCertPool()
	if _, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{}); err != nil {
		t.Error(err)
	}
	options := atedispatcher.TLS{CA: ca.pem, Key: []byte("planted"), ServerName: "dispatcher.test"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, value := range []any{options, &options, struct{ TLS atedispatcher.TLS }{options}} {
			if text := fmt.Sprintf(format, value); text != fmt.Sprintf(format, value) || leaks(text, "planted") {
				t.Errorf("%s prints %s", format, text)
			}
		}
	}
}

// leaks reports whether a text has a secret, in any form in which package fmt prints texts and bytes.
func leaks(text, secret string) bool {
	for _, form := range []string{secret, fmt.Sprint([]byte(secret)), fmt.Sprintf("%x", secret), fmt.Sprintf("%#v", []byte(secret))} {
		if strings.Contains(text, strings.Trim(form, "[]")) {
			return true
		}
	}
	return false
}
