package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// stage is all that is open between two resets.
type stage struct {
	client *atedispatcher.Client
	shared *atedispatcher.Submitter
	say    func(object)
	isOver atomic.Bool
	open   sync.WaitGroup
	ctx    context.Context
	end    context.CancelFunc

	mu        sync.Mutex
	producers map[string]*producer
	listeners map[string]*listener
	gathers   map[string]*atedispatcher.Gather
}

type producer struct {
	*atedispatcher.Producer
	worker *worker
}

type listener struct {
	*atedispatcher.Listener
	stop context.CancelFunc
	done chan struct{}
}

func newStage(address string, say func(object)) (*stage, error) {
	client, err := atedispatcher.NewClient(address, atedispatcher.WithReconnect(atedispatcher.Reconnect{
		InitialDelay: 20 * time.Millisecond, MaxDelay: 100 * time.Millisecond,
	}))
	if err != nil {
		return nil, err
	}
	s := &stage{
		client: client, shared: client.NewSubmitter(), say: say,
		producers: map[string]*producer{}, listeners: map[string]*listener{}, gathers: map[string]*atedispatcher.Gather{},
	}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s, nil
}

// report tells of something, unless a reset has come in between.
func (s *stage) report(event object) {
	if !s.isOver.Load() {
		s.say(event)
	}
}

// close ends everything at once.
func (s *stage) close() {
	s.isOver.Store(true)
	s.end()
	_ = s.shared.Close()
	_ = s.client.Close()
	s.open.Wait()
}

func (s *stage) openProducer(c *command) (object, error) {
	w := &worker{
		name: c.Producer, behaviour: c.Behaviour, behaviours: c.Behaviours, report: s.report, manual: map[string]*manual{},
	}
	options := atedispatcher.ProducerOptions{
		ID: c.ProducerID, DisplayName: c.DisplayName, Labels: c.Labels, Registrations: c.Topics,
		Concurrency: c.Concurrency, MaxBacklog: c.Backlog, Grace: time.Nanosecond,
	}
	if c.Dispositions {
		options.OnDisposition = func(_ string, state atedispatcher.Disposition) {
			s.report(object{"event": "disposition", "producer": w.name, "state": state})
		}
	}
	p := &producer{s.client.NewProducer(nil, w.handle, options), w}
	refused := s.run(func() error { return p.Run(s.ctx) }, object{"event": "closed", "producer": c.Producer})
	if err := p.Ready(s.ctx); err != nil {
		return nil, err
	}
	close(refused)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.producers[c.Producer] = p
	return object{"producer_id": p.ID()}, nil
}

func (s *stage) openListener(c *command) (object, error) {
	options := atedispatcher.ListenerOptions{
		ID: c.ListenerID, Group: c.Group, IncludeLate: c.IncludeLate, BufferBytes: c.BufferBytes,
		Disconnect: c.OverflowAction == "DISCONNECT",
		OnResult: func(_ context.Context, result *atedispatcher.Delivery) {
			s.report(deliveryView(result).with(object{"event": "result", "listener": c.Listener}))
		},
		OnGap: func(gap atedispatcher.Gap) {
			s.report(object{
				"event": "gap", "listener": c.Listener, "topic": gap.Topic, "reason": gap.Reason,
				"from": gap.From, "to": gap.To, "lost_count": gap.LostCount,
			})
		},
	}
	if c.Summaries {
		options.OnSummary = func(summary *atedispatcher.Summary) {
			s.report(summaryView(summary).with(object{"event": "summary", "listener": c.Listener}))
		}
	}
	ctx, stop := context.WithCancel(s.ctx)
	l := &listener{s.client.NewListener(c.Topics.names(), options), stop, make(chan struct{})}
	refused := s.run(func() error {
		defer close(l.done)
		return l.Run(ctx)
	}, object{"event": "closed", "listener": c.Listener})
	if err := l.Ready(s.ctx); err != nil {
		stop()
		return nil, err
	}
	close(refused)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[c.Listener] = l
	return object{"listener_id": l.Listener.ID()}, nil
}

// run reports the error of something that was live; the channel is closed once it is.
func (s *stage) run(run func() error, closed object) (live chan struct{}) {
	live = make(chan struct{})
	s.open.Go(func() {
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

// requester is how a request travels.
type requester interface {
	Dispatch(ctx context.Context, topic string, options atedispatcher.RequestOptions) (*atedispatcher.Acceptance, error)
	Gather(ctx context.Context, topic string, options atedispatcher.RequestOptions) (*atedispatcher.Gather, error)
}

func (s *stage) requester(c *command) requester {
	if c.Unary {
		return s.client
	}
	return s.shared
}

func (s *stage) gather(c *command) (object, error) {
	g, err := s.requester(c).Gather(s.ctx, c.Topic, c.options())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.gathers[c.Gather] = g
	s.mu.Unlock()
	acceptance := object{"acceptance": acceptanceView(&g.Acceptance)}
	s.say(acceptance.with(object{"id": c.ID, "ok": true}))
	s.open.Go(func() {
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

func find[T any](s *stage, all map[string]T, name string) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := all[name]
	if !ok {
		return one, notFound("nothing is open by the name " + name)
	}
	return one, nil
}
