package atedispatcher_test

import (
	"net"
	"sync"
	"testing"
)

// proxy forwards TCP connections to a server and can break them.
type proxy struct {
	address string
	target  string

	mu          sync.Mutex
	listener    net.Listener
	connections []*proxied
}

// proxied is one connection through the proxy.
type proxied struct {
	ends   [2]net.Conn
	mu     sync.Mutex
	frozen bool
	closed bool
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String(), target: target, listener: listener}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.accept()
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		<-done
	})
	return p
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		c := &proxied{ends: [2]net.Conn{near, far}}
		p.mu.Lock()
		p.connections = append(p.connections, c)
		p.mu.Unlock()
		go c.forward(near, far)
		go c.forward(far, near)
	}
}

func (c *proxied) forward(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			break
		}
		c.mu.Lock()
		frozen := c.frozen
		c.mu.Unlock()
		if frozen {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			break
		}
	}
	c.close()
}

func (c *proxied) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	_ = c.ends[0].Close()
	_ = c.ends[1].Close()
}

// freeze makes the existing connections half-open: they stay open and lose all data. New connections work.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.connections {
		c.mu.Lock()
		c.frozen = true
		c.mu.Unlock()
	}
}

// cut closes the existing connections. New connections work.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.connections {
		c.close()
	}
	p.connections = nil
}

// count returns how many connections were made since the last cut.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.connections)
}

// open returns how many connections are open.
func (p *proxy) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := 0
	for _, c := range p.connections {
		c.mu.Lock()
		if !c.closed {
			open++
		}
		c.mu.Unlock()
	}
	return open
}
