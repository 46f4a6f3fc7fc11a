package atedispatcher_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// serveMutualTLS starts a secured dispatcher that requires client certificates of an authority.
func serveMutualTLS(t *testing.T, ca *authority) *server {
	t.Helper()
	folder := t.TempDir()
	args := append(securedArgs(folder, ca), "--tls-client-ca-file", write(folder, "ca.pem", ca.pem), "--tls-client-auth", "require")
	return serve(t, args...)
}

func TestPeersWorkAndReconnectOverMutualTLS(t *testing.T) {
	ca := newAuthority()
	server, own := serveMutualTLS(t, ca), ca.valid()
	proxy := newProxy(t, server.address)
	secured := atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem, Cert: own.cert, Key: own.key, ServerName: "dispatcher.test"})
	var calls atomic.Int64
	token := func(context.Context) (string, error) {
		calls.Add(1)
		return "good", nil
	}
	direct := connect(t, server.address, secured, atedispatcher.WithToken("good"))
	through := connect(t, proxy.address, secured, atedispatcher.WithTokenFunc(token))
	produce(t, direct, "secured", echo, atedispatcher.ProducerOptions{})
	h := listen(t, through, atedispatcher.ListenerOptions{}, "secured")
	ask(t, direct, "secured", 1, 5)
	h.untilResults(t, 5)
	before := calls.Load()
	proxy.cut()
	ask(t, direct, "secured", 6, 5)
	h.untilResults(t, 10)
	if h.mu.Lock(); len(h.gaps) > 0 {
		t.Errorf("gaps: %v", h.gaps)
	}
	h.mu.Unlock()
	if calls.Load() == before {
		t.Error("the reconnect did not ask for a token")
	}
	submitter := newSubmitter(t, direct)
	if _, summary, err := submitter.GatherAll(testContext(t), "secured", atedispatcher.RequestOptions{Args: []any{11}}); err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
}

func TestTheServerRefusesClientsAndTheErrorSaysWhy(t *testing.T) {
	ca, stranger := newAuthority(), newAuthority()
	server, foreign := serveMutualTLS(t, ca), stranger.valid()
	for what, c := range map[string]struct {
		option atedispatcher.Option
		text   string
	}{
		"no certificate":        {atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem}), "may require a client certificate, see WithTLS"},
		"a foreign certificate": {atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem, Cert: foreign.cert, Key: foreign.key}), "may not trust the certificate of this client"},
		"another authority":     {atedispatcher.WithTLS(atedispatcher.TLS{CA: stranger.pem}), "unknown authority"},
		"no TLS":                {fastReconnect, "may require TLS, see WithTLS"},
	} {
		client := connect(t, server.address, c.option)
		_, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
		if !errors.Is(err, atedispatcher.ErrUnavailable) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v", what, err)
		}
		failed, fail := context.WithCancel(testContext(t))
		listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{OnStatus: func(s atedispatcher.Status) {
			if s.Kind == atedispatcher.StatusDisconnected {
				fail()
			}
		}})
		background(t, listener.Run)
		if err := listener.Ready(failed); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: Ready returned %v", what, err)
		}
	}
}

func TestTheServerChecksTokens(t *testing.T) {
	ca := newAuthority()
	server := serve(t, securedArgs(t.TempDir(), ca)...)
	secured := atedispatcher.WithTLS(atedispatcher.TLS{CA: ca.pem})
	ctx := testContext(t)
	for what, client := range map[string]*atedispatcher.Client{
		"no token":      connect(t, server.address, secured),
		"another token": connect(t, server.address, secured, atedispatcher.WithToken("bad")),
	} {
		_, dispatched := client.Dispatch(ctx, "secured", atedispatcher.RequestOptions{})
		listened := client.NewListener([]string{"secured"}, atedispatcher.ListenerOptions{}).Run(ctx)
		produced := client.NewProducer([]string{"secured"}, echo, atedispatcher.ProducerOptions{}).Run(ctx)
		for _, err := range []error{dispatched, listened, produced} {
			if !errors.Is(err, atedispatcher.ErrUnauthenticated) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	}
	var calls atomic.Int64
	client := connect(t, server.address, secured, atedispatcher.WithTokenFunc(func(context.Context) (string, error) {
		if calls.Add(1) <= 2 {
			return "expired", nil
		}
		return "good", nil
	}))
	produce(t, client, "secured", echo, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "secured")
	ask(t, client, "secured", 1, 3)
	h.untilResults(t, 3)
	_, dispatched := client.Dispatch(ctx, "forbidden", atedispatcher.RequestOptions{})
	listened := client.NewListener([]string{"forbidden"}, atedispatcher.ListenerOptions{}).Run(ctx)
	produced := client.NewProducer([]string{"forbidden"}, echo, atedispatcher.ProducerOptions{}).Run(ctx)
	for _, err := range []error{dispatched, listened, produced, h.Add(ctx, "forbidden")} {
		if !errors.Is(err, atedispatcher.ErrPermissionDenied) {
			t.Errorf("got %v", err)
		}
	}
}
