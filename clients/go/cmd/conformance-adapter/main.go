// Command conformance-adapter executes the commands of the conformance runner with this client. The runner and the
// adapter speak the protocol in test/conformance/adapter-protocol.md over standard input and output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// defaultDrain bounds a drain if the command does not.
const defaultDrain = 10 * time.Second

func main() {
	address := atedispatcher.DefaultAddress
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if err := serve(address, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// adapter executes the runner's commands.
type adapter struct {
	address  string
	scenario *scenario

	writing sync.Mutex
	out     *json.Encoder
}

func serve(address string, in io.Reader, out io.Writer) error {
	a := &adapter{address: address, out: json.NewEncoder(out)}
	a.out.SetEscapeHTML(false)
	if err := a.reset(); err != nil {
		return err
	}
	defer func() { a.scenario.close() }()
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		switch c.Op {
		case "quit":
			a.answer(&c, object{}, nil)
			return nil
		case "reset":
			// Commands must not run while the old scenario is being closed, so reset blocks the loop.
			a.answer(&c, object{}, a.reset())
		default:
			a.begin(&c)
		}
	}
}

// begin executes a command on its own goroutine and gives it 2 ms before the next command begins, so that commands
// normally begin in their order.
func (a *adapter) begin(c *command) {
	current, done := a.scenario, make(chan struct{})
	go func() {
		defer close(done)
		answer, err := perform(current, c)
		a.answer(c, answer, err)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Millisecond):
	}
}

func (a *adapter) reset() (err error) {
	if a.scenario != nil {
		a.scenario.close()
	}
	a.scenario, err = newScenario(a.address, a.write)
	return err
}

func (a *adapter) write(line object) {
	a.writing.Lock()
	defer a.writing.Unlock()
	if err := a.out.Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// answer writes the answer to a command. A nil answer without an error has been written already.
func (a *adapter) answer(c *command, answer object, err error) {
	switch {
	case err != nil:
		a.write(object{"id": c.ID, "ok": false, "error": errorView(err)})
	case answer != nil:
		a.write(answer.with(object{"id": c.ID, "ok": true}))
	}
}

func perform(s *scenario, c *command) (object, error) {
	switch c.Op {
	case "hello":
		return object{
			"language": "go", "version": atedispatcher.Version, "features": []string{"dispositions", "credit"},
		}, nil
	case "client.close":
		return object{}, s.client.Close()
	case "producer.open":
		return s.openProducer(c)
	case "listener.open":
		return s.openListener(c)
	case "producer.reply", "producer.register", "producer.deregister", "producer.credit", "producer.drain":
		p, err := find(s, s.producers, c.Producer)
		if err != nil {
			return nil, err
		}
		return object{}, changeProducer(s, p, c)
	case "listener.update", "listener.close":
		l, err := find(s, s.listeners, c.Listener)
		if err != nil {
			return nil, err
		}
		return object{}, changeListener(s, l, c)
	case "update_listener":
		topics, err := s.client.UpdateListener(s.ctx, c.ListenerID, c.Add, c.Remove)
		return object{"topics": topics}, err
	case "dispatch", "validate":
		ask := s.requester(c).Dispatch
		if c.Op == "validate" {
			ask = s.client.Validate
		}
		acceptance, err := ask(s.ctx, c.Topic, c.options())
		if err != nil {
			return nil, err
		}
		return object{"acceptance": acceptanceView(acceptance)}, nil
	case "gather":
		return s.gather(c)
	case "gather.cancel":
		g, err := find(s, s.gathers, c.Gather)
		if err != nil {
			return nil, err
		}
		return object{}, g.Cancel(s.ctx)
	case "cancel":
		summary, err := s.client.CancelRequest(s.ctx, c.RequestID)
		if err != nil {
			return nil, err
		}
		return object{"summary": summaryView(summary)}, nil
	}
	return nil, &atedispatcher.Error{Code: codes.Unimplemented, Message: "unknown op " + c.Op}
}

func changeProducer(s *scenario, p *producer, c *command) error {
	switch c.Op {
	case "producer.reply":
		return p.handler.reply(c)
	case "producer.register":
		return register(s, p, c)
	case "producer.deregister":
		return p.Deregister(s.ctx, c.Topic)
	case "producer.credit":
		return p.SetConcurrency(c.Concurrency)
	}
	grace := defaultDrain
	if c.GraceMs != nil {
		grace = milliseconds(*c.GraceMs)
	}
	ctx, cancel := context.WithTimeout(s.ctx, grace)
	defer cancel()
	// A drain that is cut short by the grace period is also a success.
	_ = p.Close(ctx)
	return nil
}

// register joins one topic, or all topics at the same time.
func register(s *scenario, p *producer, c *command) error {
	topics := c.Topics.names()
	if len(topics) == 0 {
		topics = []string{c.Topic}
	}
	failed := make(chan error, len(topics))
	for _, topic := range topics {
		go func() { failed <- p.Register(s.ctx, topic, c.Group) }()
	}
	var first error
	for range topics {
		if err := <-failed; first == nil {
			first = err
		}
	}
	return first
}

func changeListener(s *scenario, l *listener, c *command) error {
	if c.Op == "listener.close" {
		err := l.Close()
		<-l.done
		return err
	}
	if len(c.Add) > 0 {
		if err := l.Add(s.ctx, c.Add...); err != nil {
			return err
		}
	}
	if len(c.Remove) > 0 {
		return l.Remove(s.ctx, c.Remove...)
	}
	return nil
}
