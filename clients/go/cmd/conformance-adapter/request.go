package main

import (
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// options converts the fields of a request to options of the client.
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

// explicit returns 0, which means unset, for a field that is left out. It returns -1 for a field that is set to 0: the
// client cannot express an explicit 0, and the server rejects both.
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
