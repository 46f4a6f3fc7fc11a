package atedispatcher

import (
	"math"
	"math/rand/v2"
	"time"
)

// Reconnect configures the delays between attempts to reconnect. A zero field means its default.
type Reconnect struct {
	// InitialDelay is the first delay. Default 100 ms.
	InitialDelay time.Duration
	// MaxDelay is the longest delay. Default 10 s.
	MaxDelay time.Duration
	// Multiplier is the factor from one delay to the next; at least 1. Default 1.6.
	Multiplier float64
	// Jitter is the fraction, from 0 to 1, by which a delay is randomly shortened or lengthened, so that clients do not
	// all reconnect at once. A negative value means none. Default 0.2.
	Jitter float64
}

// check adds impossible values.
func (r Reconnect) check(found *violations) {
	if r.InitialDelay < 0 {
		found.add("reconnect.initial_delay", "is %v; it must not be negative", r.InitialDelay)
	}
	if r.MaxDelay < 0 {
		found.add("reconnect.max_delay", "is %v; it must not be negative", r.MaxDelay)
	}
	if r.Multiplier != 0 && !(r.Multiplier >= 1 && r.Multiplier <= math.MaxFloat64) {
		found.add("reconnect.multiplier", "is %v; it must be a number from 1 on", r.Multiplier)
	}
	if !(r.Jitter <= 1) {
		found.add("reconnect.jitter", "is %v; it must be at most 1", r.Jitter)
	}
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

// backoff computes the delays of one supervisor.
type backoff struct {
	Reconnect
	delay  time.Duration
	random func() float64
}

func newBackoff(reconnect Reconnect) *backoff {
	return &backoff{Reconnect: reconnect, delay: reconnect.InitialDelay, random: rand.Float64}
}

// next returns the delay before the next attempt.
func (b *backoff) next() time.Duration {
	delay := min(b.delay, b.MaxDelay)
	b.delay = min(scaled(delay, b.Multiplier), b.MaxDelay)
	return scaled(delay, 1+b.Jitter*(2*b.random()-1))
}

// scaled multiplies a duration; the product is at most the longest duration, 292 years.
func scaled(d time.Duration, factor float64) time.Duration {
	product := float64(d) * factor
	if product >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(product)
}

// reset makes InitialDelay the next delay.
func (b *backoff) reset() {
	b.delay = b.InitialDelay
}
