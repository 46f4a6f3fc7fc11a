package atedispatcher

import "time"

// SetExtraIdleTime sets how long a further connection stays open without calls. It must be called before any call.
func (c *Client) SetExtraIdleTime(idleTime time.Duration) {
	c.connections.idleTime = idleTime
}

// SetTokenTimeout sets how long the token function may take. It must be called before any call.
func (c *Client) SetTokenTimeout(timeout time.Duration) {
	c.options.tokens.timeout = timeout
}
