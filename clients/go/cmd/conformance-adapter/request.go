package main

import (
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// options turns the fields of a request into options of the library.
func (c *command) options() atedispatcher.RequestOptions {
	options := atedispatcher.RequestOptions{
		Args:             c.Args,
		Kwargs:           c.Kwargs,
		ContentType:      c.MediaType,
		Attributes:       c.Notes,
		RequestID:        c.RequestID,
		ExcludeListeners: c.ExcludeListeners,
		Context:          c.Context,
		TTL:              explicit(c.TTLMs, milliseconds),
		Completion: atedispatcher.Completion{
			ResultCount:   explicit(c.Completion.ResultCount, same),
			QuorumPercent: explicit(c.Completion.QuorumPercent, same),
			FirstSuccess:  c.Completion.FirstSuccess,
			StallTimeout:  explicit(c.Completion.StallTimeoutMs, milliseconds),
			MinResults:    c.Completion.MinResults,
			CountErrors:   c.Completion.CountErrors,
		},
		Selector: atedispatcher.Selector{
			ProducerIDs: c.Selector.ProducerIDs,
			MatchLabels: c.Selector.MatchLabels,
			MaxTargets:  c.Selector.MaxTargets,
		},
	}
	if c.Data != nil {
		options.Data = *c.Data
	}
	if c.Completion.LoserAction == "LET_RUN" {
		options.Completion.Losers = atedispatcher.LetLosersRun
	}
	switch c.NoProducersAction {
	case "FAIL":
		options.NoProducers = atedispatcher.NoProducersFail
	case "WAIT":
		options.NoProducers = atedispatcher.NoProducersWait
	}
	return options
}

// explicit is 0, which the library takes for unset, if a field is left out. A zero that somebody set becomes the next
// value below, since the library has no way to say it, and nothing takes either.
func explicit[From any, To int | time.Duration](field *From, convert func(From) To) To {
	if field == nil {
		return 0
	}
	return orBelow(convert(*field))
}

func orBelow[To int | time.Duration](value To) To {
	if value == 0 {
		return -1
	}
	return value
}

func same(n int) int {
	return n
}
