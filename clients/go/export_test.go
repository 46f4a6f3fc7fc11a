package atedispatcher

import "time"

// SetExtraIdleTime sets how long a further connection stays open without calls. It must be called before any call.
func (c *Client) SetExtraIdleTime(idleTime time.Duration) {
	c.connections.idleTime = idleTime
}
