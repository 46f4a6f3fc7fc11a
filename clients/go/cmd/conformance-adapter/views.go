package main

import (
	"errors"

	"google.golang.org/genproto/googleapis/rpc/code"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// object is a JSON object to be written.
type object map[string]any

func errorView(err error) *errorFields {
	failure, ok := errors.AsType[*atedispatcher.Error](err)
	if !ok {
		return &errorFields{Code: "UNKNOWN", Message: err.Error()}
	}
	view := &errorFields{Code: code.Code(failure.Code).String(), Reason: failure.Reason, Message: failure.Message}
	for _, violation := range failure.FieldViolations {
		view.Fields = append(view.Fields, violation.Field)
	}
	return view
}

func acceptanceView(acceptance *atedispatcher.Acceptance) object {
	targets := []object{}
	for _, target := range acceptance.Targets {
		targets = append(targets, object{"producer_id": target.ProducerID, "group": target.Group})
	}
	return object{
		"request_id":     acceptance.RequestID,
		"targets":        targets,
		"listener_count": acceptance.ListenerCount,
		"ttl_ms":         acceptance.TTL.Seconds() * 1000,
	}
}

func deliveryView(result *atedispatcher.Delivery) object {
	view := object{
		"request_id":   result.RequestID,
		"topic":        result.Topic,
		"producer_id":  result.ProducerID,
		"group":        result.Group,
		"ordinal":      result.Ordinal,
		"sequence":     result.Sequence,
		"more":         result.More,
		"late":         result.Late,
		"latency_ms":   result.Latency.Seconds() * 1000,
		"context":      result.Context,
		"content_type": result.ContentType(),
		"attributes":   result.Attributes(),
	}
	value, err := result.Value()
	data, _ := result.Data()
	switch {
	case err != nil:
		view["kind"], view["error"] = "error", errorView(err)
	case data != nil:
		view["kind"], view["data"] = "data", data
	default:
		view["kind"], view["value"] = "value", value
	}
	return view
}

func summaryView(summary *atedispatcher.Summary) object {
	outcomes := []object{}
	for _, outcome := range summary.Outcomes {
		view := object{
			"producer_id":  outcome.ProducerID,
			"group":        outcome.Group,
			"state":        outcome.State,
			"result_count": outcome.ResultCount,
		}
		if outcome.ResultCount > 0 {
			view["latency_ms"] = outcome.Latency.Seconds() * 1000
		}
		if outcome.Err != nil {
			failure := errorView(outcome.Err)
			view["error"] = errorFields{Code: failure.Code, Message: failure.Message}
		}
		outcomes = append(outcomes, view)
	}
	return object{
		"request_id":     summary.RequestID,
		"topic":          summary.Topic,
		"reason":         summary.Reason,
		"satisfied":      summary.Satisfied,
		"targeted_count": summary.Targeted,
		"answered_count": summary.Answered,
		"failed_count":   summary.Failed,
		"missing_count":  summary.Missing,
		"elapsed_ms":     summary.Elapsed.Seconds() * 1000,
		"outcomes":       outcomes,
	}
}

// with adds entries to the object and returns it.
func (o object) with(more object) object {
	for key, value := range more {
		o[key] = value
	}
	return o
}
