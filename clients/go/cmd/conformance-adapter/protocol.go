package main

import (
	"encoding/json"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// command is one line from the runner. The op determines which fields are set.
type command struct {
	ID int    `json:"id"`
	Op string `json:"op"`

	Producer   string `json:"producer"`
	Listener   string `json:"listener"`
	Gather     string `json:"gather"`
	ListenerID string `json:"listener_id"`

	producerFields
	listenerFields
	requestFields
	outcome

	More      bool     `json:"more"`
	GraceMs   *float64 `json:"grace_ms"`
	Add       []string `json:"add"`
	Remove    []string `json:"remove"`
	Topics    topics   `json:"topics"`
	Group     string   `json:"group"`
	Context   pairs    `json:"context"`
	Data      *[]byte  `json:"data"`
	MediaType string   `json:"content_type"`
	Notes     pairs    `json:"attributes"`

	// Closes makes a listener close itself in the callback of its first result.
	Closes bool `json:"closes"`
	// FailingCallbacks makes every callback of a producer or listener panic after it has written its event.
	FailingCallbacks bool `json:"failing_callbacks"`
}

type pairs = map[string]string

// topics are strings for a listener, and registrations for a producer.
type topics []atedispatcher.Registration

// UnmarshalJSON accepts both forms.
func (t *topics) UnmarshalJSON(text []byte) error {
	var entries []json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return err
	}
	for _, entry := range entries {
		var registration atedispatcher.Registration
		err := json.Unmarshal(entry, &registration.Topic)
		if err != nil {
			err = json.Unmarshal(entry, &registration)
		}
		if err != nil {
			return err
		}
		*t = append(*t, registration)
	}
	return nil
}

func (t topics) names() []string {
	var names []string
	for _, registration := range t {
		names = append(names, registration.Topic)
	}
	return names
}

type producerFields struct {
	ProducerID   string               `json:"producer_id"`
	Concurrency  int                  `json:"concurrency"`
	Backlog      int                  `json:"backlog"`
	Labels       pairs                `json:"labels"`
	DisplayName  string               `json:"display_name"`
	Dispositions bool                 `json:"dispositions"`
	Behaviour    behaviour            `json:"behaviour"`
	Behaviours   map[string]behaviour `json:"behaviours"`
}

type listenerFields struct {
	IncludeLate    bool   `json:"include_late"`
	Summaries      bool   `json:"summaries"`
	BufferBytes    int    `json:"buffer_bytes"`
	OverflowAction string `json:"overflow_action"`
}

// behaviour is the script of a handler for one assignment.
type behaviour struct {
	DelayMs  float64 `json:"delay_ms"`
	Partials int     `json:"partials"`
	Mute     bool    `json:"mute"`
	Manual   bool    `json:"manual"`
	Stubborn bool    `json:"stubborn"`
	Closes   bool    `json:"closes"`
	outcome
	Data      *[]byte `json:"data"`
	MediaType string  `json:"content_type"`
	Notes     pairs   `json:"attributes"`
}

// outcome is how a handler ends. Data, MediaType and Notes are missing here: a command has fields of the same names for
// its request.
type outcome struct {
	Echo     bool         `json:"echo"`
	EchoData bool         `json:"echo_data"`
	Value    any          `json:"value"`
	Error    *errorFields `json:"error"`
	Throw    *string      `json:"throw"`
	// Unprintable is no_text or text_fails: the error has no text, or its text cannot be read.
	Unprintable string `json:"unprintable"`
}

type errorFields struct {
	Code    string   `json:"code"`
	Reason  string   `json:"reason,omitempty"`
	Message string   `json:"message,omitempty"`
	Fields  []string `json:"fields,omitempty"`
	// Metadata is only in commands.
	Metadata pairs `json:"metadata,omitempty"`
}

type requestFields struct {
	Topic             string         `json:"topic"`
	Args              []any          `json:"args"`
	Kwargs            map[string]any `json:"kwargs"`
	TTLMs             *float64       `json:"ttl_ms"`
	RequestID         string         `json:"request_id"`
	ExcludeListeners  bool           `json:"exclude_listeners"`
	NoProducersAction string         `json:"no_producers_action"`
	Unary             bool           `json:"unary"`
	Completion        struct {
		ResultCount    *int     `json:"result_count"`
		QuorumPercent  *int     `json:"quorum_percent"`
		FirstSuccess   bool     `json:"first_success"`
		StallTimeoutMs *float64 `json:"stall_timeout_ms"`
		MinResults     int      `json:"min_results"`
		CountErrors    bool     `json:"count_errors"`
		LoserAction    string   `json:"loser_action"`
	} `json:"completion"`
	Selector struct {
		ProducerIDs []string `json:"producer_ids"`
		MatchLabels pairs    `json:"match_labels"`
		MaxTargets  int      `json:"max_targets"`
	} `json:"selector"`
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond))
}
