package atedispatcher

import (
	"math/rand/v2"
	"time"
)

// Reconnect says how long to wait between tries to reconnect. A zero field takes its default.
type Reconnect struct {
	// InitialDelay is the first delay. Default 100 ms.
	InitialDelay time.Duration
	// MaxDelay is the longest delay. Default 10 s.
	MaxDelay time.Duration
	// Multiplier is how much longer each delay is than the one before; at least 1. Default 1.6.
	Multiplier float64
	// Jitter is the share by which a delay is shorter or longer at random, so that clients do not all return at once;
	// from 0 to 1, below 0 for none. Default 0.2.
	Jitter float64
}

func (r Reconnect) withDefaults() Reconnect {
	if r.InitialDelay <= 0 {
		r.InitialDelay = 100 * time.Millisecond
	}
	if r.MaxDelay <= 0 {
		r.MaxDelay = 10 * time.Second
	}
	if r.Multiplier < 1 {
		r.Multiplier = 1.6
	}
	switch {
	case r.Jitter == 0:
		r.Jitter = 0.2
	case r.Jitter < 0:
		r.Jitter = 0
	case r.Jitter > 1:
		r.Jitter = 1
	}
	return r
}

// backoff counts up the delays of one session.
type backoff struct {
	Reconnect
	delay  time.Duration
	random func() float64
}

func newBackoff(reconnect Reconnect) *backoff {
	return &backoff{Reconnect: reconnect, delay: reconnect.InitialDelay, random: rand.Float64}
}

// next returns the delay before the next try.
func (b *backoff) next() time.Duration {
	delay := min(b.delay, b.MaxDelay)
	b.delay = min(time.Duration(float64(delay)*b.Multiplier), b.MaxDelay)
	return time.Duration(float64(delay) * (1 + b.Jitter*(2*b.random()-1)))
}

// reset begins anew with the first delay.
func (b *backoff) reset() {
	b.delay = b.InitialDelay
}
