package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// scenario holds everything that is open between two resets.
type scenario struct {
	client    *atedispatcher.Client
	submitter *atedispatcher.Submitter
	write     func(object)
	isClosed  atomic.Bool
	running   sync.WaitGroup
	ctx       context.Context
	cancel    context.CancelFunc

	mu        sync.Mutex
	producers map[string]*producer
	listeners map[string]*listener
	gathers   map[string]*atedispatcher.Gather
}

type producer struct {
	*atedispatcher.Producer
	handler *scriptedHandler
}

type listener struct {
	*atedispatcher.Listener
	done chan struct{}
}

func newScenario(address string, write func(object)) (*scenario, error) {
	options, err := secureOptions()
	if err != nil {
		return nil, err
	}
	options = append(options, atedispatcher.WithReconnect(atedispatcher.Reconnect{
		InitialDelay: 20 * time.Millisecond, MaxDelay: 100 * time.Millisecond,
	}))
	client, err := atedispatcher.NewClient(address, options...)
	if err != nil {
		return nil, err
	}
	s := &scenario{
		client: client, submitter: client.NewSubmitter(), write: write,
		producers: map[string]*producer{}, listeners: map[string]*listener{}, gathers: map[string]*atedispatcher.Gather{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// report writes an event, unless the scenario has ended.
func (s *scenario) report(event object) {
	if !s.isClosed.Load() {
		s.write(event)
	}
}

// close closes everything at once, and waits for the end.
func (s *scenario) close() {
	s.isClosed.Store(true)
	s.cancel()
	_ = s.submitter.Close()
	_ = s.client.Close()
	s.running.Wait()
}

func (s *scenario) openProducer(c *command) (object, error) {
	h := &scriptedHandler{
		name: c.Producer, behaviour: c.Behaviour, behaviours: c.Behaviours, report: s.report, repliable: map[string]*repliableAssignment{},
	}
	options := atedispatcher.ProducerOptions{
		ID: c.ProducerID, DisplayName: c.DisplayName, Labels: c.Labels, Registrations: c.Topics,
		Concurrency: c.Concurrency, MaxBacklog: c.Backlog, Grace: time.Nanosecond,
	}
	if c.Dispositions {
		options.OnDisposition = func(_ string, state atedispatcher.Disposition) {
			s.report(object{"event": "disposition", "producer": h.name, "state": state})
			c.afterCallback()
		}
	}
	if c.FailingCallbacks {
		options.OnStatus = func(atedispatcher.Status) { c.afterCallback() }
	}
	p := &producer{s.client.NewProducer(nil, h.handle, options), h}
	h.close = func() {
		ctx, cancel := context.WithTimeout(s.ctx, defaultDrain)
		defer cancel()
		_ = p.Close(ctx)
	}
	live := s.run(func() error { return p.Run(s.ctx) }, object{"event": "closed", "producer": c.Producer})
	if err := p.Ready(s.ctx); err != nil {
		return nil, err
	}
	close(live)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.producers[c.Producer] = p
	return object{"producer_id": p.ID()}, nil
}

func (s *scenario) openListener(c *command) (object, error) {
	l := &listener{done: make(chan struct{})}
	options := atedispatcher.ListenerOptions{
		ID: c.ListenerID, Group: c.Group, IncludeLate: c.IncludeLate, BufferBytes: c.BufferBytes,
		Disconnect: c.OverflowAction == "DISCONNECT",
		OnResult: func(_ context.Context, result *atedispatcher.Delivery) {
			s.report(deliveryView(result).with(object{"event": "result", "listener": c.Listener}))
			if c.Closes {
				_ = l.Close()
			}
			c.afterCallback()
		},
		OnGap: func(gap atedispatcher.Gap) {
			s.report(object{
				"event": "gap", "listener": c.Listener, "topic": gap.Topic, "reason": gap.Reason,
				"from": gap.From, "to": gap.To, "lost_count": gap.LostCount,
			})
			c.afterCallback()
		},
	}
	if c.Summaries {
		options.OnSummary = func(summary *atedispatcher.Summary) {
			s.report(summaryView(summary).with(object{"event": "summary", "listener": c.Listener}))
			c.afterCallback()
		}
	}
	if c.FailingCallbacks {
		options.OnStatus = func(atedispatcher.Status) { c.afterCallback() }
	}
	l.Listener = s.client.NewListener(c.Topics.names(), options)
	live := s.run(func() error {
		defer close(l.done)
		return l.Run(s.ctx)
	}, object{"event": "closed", "listener": c.Listener})
	if err := l.Ready(s.ctx); err != nil {
		_ = l.Close()
		return nil, err
	}
	close(live)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[c.Listener] = l
	return object{"listener_id": l.Listener.ID()}, nil
}

// run runs a producer or listener. It reports the error with which the run ends, if the caller has closed the returned
// channel because the peer is live; otherwise the error is the answer to the command.
func (s *scenario) run(run func() error, closed object) (live chan struct{}) {
	live = make(chan struct{})
	s.running.Go(func() {
		err := run()
		select {
		case <-live:
		default:
			return
		}
		if err != nil && !errors.Is(err, atedispatcher.ErrClosed) {
			s.report(closed.with(object{"error": errorView(err)}))
		}
	})
	return live
}

// requester sends requests: a client or a submitter.
type requester interface {
	Dispatch(ctx context.Context, topic string, options atedispatcher.RequestOptions) (*atedispatcher.Acceptance, error)
	Gather(ctx context.Context, topic string, options atedispatcher.RequestOptions) (*atedispatcher.Gather, error)
}

func (s *scenario) requester(c *command) requester {
	if c.Unary {
		return s.client
	}
	return s.submitter
}

func (s *scenario) gather(c *command) (object, error) {
	g, err := s.requester(c).Gather(s.ctx, c.Topic, c.options())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.gathers[c.Gather] = g
	s.mu.Unlock()
	acceptance := object{"acceptance": acceptanceView(&g.Acceptance)}
	s.write(acceptance.with(object{"id": c.ID, "ok": true}))
	s.running.Go(func() {
		defer g.Close()
		for result, err := range g.Results() {
			if err != nil {
				s.report(object{"event": "gather.failed", "gather": c.Gather, "error": errorView(err)})
				return
			}
			s.report(deliveryView(result).with(object{"event": "gather.result", "gather": c.Gather}))
		}
		summary, err := g.Summary()
		if err != nil {
			s.report(object{"event": "gather.failed", "gather": c.Gather, "error": errorView(err)})
			return
		}
		s.report(summaryView(summary).with(object{"event": "gather.summary", "gather": c.Gather}))
	})
	return nil, nil
}

func find[T any](s *scenario, all map[string]T, name string) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := all[name]
	if !ok {
		return one, notFound("nothing is open under the name " + name)
	}
	return one, nil
}

// secureOptions returns the options for TLS and a token, if the environment has them.
func secureOptions() ([]atedispatcher.Option, error) {
	file, token := os.Getenv("ATE_DISPATCHER_TLS_CA"), os.Getenv("ATE_DISPATCHER_TOKEN")
	if file == "" || token == "" {
		return nil, nil
	}
	ca, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return []atedispatcher.Option{
		atedispatcher.WithTLS(atedispatcher.TLS{CA: ca}),
		atedispatcher.WithToken(token),
	}, nil
}
