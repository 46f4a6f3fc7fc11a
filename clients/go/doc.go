// Package atedispatcher asks every producer on a topic through an ate-dispatcher and hears everyone who answers in time.
//
// A [Client] is one connection, shared by any number of goroutines:
//
//	client, err := atedispatcher.NewClient("127.0.0.1:50051")
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
// [Client.NewProducer] answers requests, [Client.NewListener] hears results, [Client.Dispatch] asks and leaves the
// results to the listeners, [Client.Gather] asks and gets them itself. Producers and listeners stay connected until
// they are told to end: they reconnect with backoff and jitter, and a listener resumes where it was.
//
// # Contexts
//
// A context bounds what it was given to. Without a TTL of its own a request lives as long as its context's deadline
// says. A handler's context ends with the TTL, and earlier if the dispatcher wants the result no longer; [context.Cause]
// then tells why.
//
// # Errors
//
// Whatever fails here is an [*Error], found by [errors.As]. The sentinels, such as [ErrNoProducers], are for
// [errors.Is]. A producer's failure is a result like any other and comes out of [Delivery.Err].
//
// # Values
//
// Arguments and results are JSON-shaped: what [encoding/json] makes of a Go value, with numbers as float64 on arrival.
// What JSON cannot say exactly is refused with the path of the offender. Everything else travels as bytes with a
// content type.
//
// The raw stubs are in the package gen/ate/dispatcher/v1.
package atedispatcher
