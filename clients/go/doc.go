// Package atedispatcher scatters requests to every producer on a topic, through an ate-dispatcher, and gathers the
// results that arrive in time.
//
// A [Client] is safe for concurrent use:
//
//	client, err := atedispatcher.NewClient("127.0.0.1:50051")
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
// A [Producer] answers requests, and a [Listener] receives results. [Client.Dispatch] sends a request whose results
// go to the listeners; [Client.Gather] sends one whose results also come back to the caller. Producers and listeners
// stay connected until they are stopped: they reconnect with backoff and jitter, and a listener resumes where it was.
//
// # Contexts
//
// A context bounds the call that it is passed to. The TTL of a request without RequestOptions.TTL is the time until its
// context's deadline. A handler's context ends when the TTL runs out, or earlier when the assignment is revoked;
// [context.Cause] then returns the reason.
//
// # Errors
//
// Every error of this package is an [*Error], for [errors.As]. The sentinels, such as [ErrNoProducers], are for
// [errors.Is]. A producer's error is a result like any other; [Delivery.Err] returns it.
//
// # TLS and tokens
//
// [WithTLS] and [WithTLSConfig] encrypt connections. [WithToken] and [WithTokenFunc] send a token with every call. A token
// is not sent in clear text beyond this machine, unless [WithInsecureToken] allows it.
//
// # Values
//
// Arguments and results are JSON values: a Go value is sent as [encoding/json] marshals it, and every number arrives as
// a float64. A value that JSON cannot represent exactly is rejected with its path. Send other data as bytes with a
// content type.
//
// The generated stubs are in the package gen/ate/dispatcher/v1.
package atedispatcher
