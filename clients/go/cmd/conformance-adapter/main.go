// Command conformance-adapter puts this client behind standard input and output, so that the scenarios in
// test/conformance can be played through it. Its protocol is test/conformance/adapter-protocol.md.
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

// defaultDrain is how long a drain may take if the runner does not say.
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

// adapter answers the runner's commands.
type adapter struct {
	address string
	stage   *stage

	writing sync.Mutex
	out     *json.Encoder
}

func serve(address string, in io.Reader, out io.Writer) error {
	a := &adapter{address: address, out: json.NewEncoder(out)}
	a.out.SetEscapeHTML(false)
	if err := a.reset(); err != nil {
		return err
	}
	defer func() { a.stage.close() }()
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
			// Nothing may begin on what is being closed.
			a.answer(&c, object{}, a.reset())
		default:
			a.begin(&c)
		}
	}
}

// begin performs a command on a goroutine of its own, and gives it the time to begin before the next one does.
func (a *adapter) begin(c *command) {
	stage, done := a.stage, make(chan struct{})
	go func() {
		defer close(done)
		answer, err := perform(stage, c)
		a.answer(c, answer, err)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Millisecond):
	}
}

func (a *adapter) reset() (err error) {
	if a.stage != nil {
		a.stage.close()
	}
	a.stage, err = newStage(a.address, a.say)
	return err
}

func (a *adapter) say(line object) {
	a.writing.Lock()
	defer a.writing.Unlock()
	if err := a.out.Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// answer writes nothing if the answer was given already.
func (a *adapter) answer(c *command, answer object, err error) {
	switch {
	case err != nil:
		a.say(object{"id": c.ID, "ok": false, "error": errorView(err)})
	case answer != nil:
		a.say(answer.with(object{"id": c.ID, "ok": true}))
	}
}

func perform(s *stage, c *command) (object, error) {
	switch c.Op {
	case "hello":
		return object{
			"language": "go", "version": atedispatcher.Version, "features": []string{"dispositions", "credit"},
		}, nil
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
	return nil, &atedispatcher.Error{Code: codes.Unimplemented, Message: "no such op: " + c.Op}
}

func changeProducer(s *stage, p *producer, c *command) error {
	switch c.Op {
	case "producer.reply":
		return p.worker.reply(c)
	case "producer.register":
		return p.Register(s.ctx, c.Topic, c.Group)
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
	// What hangs is abandoned, which is an end, too.
	_ = p.Close(ctx)
	return nil
}

func changeListener(s *stage, l *listener, c *command) error {
	if c.Op == "listener.close" {
		l.stop()
		<-l.done
		return nil
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
