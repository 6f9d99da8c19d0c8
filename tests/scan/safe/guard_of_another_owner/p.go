package p

import "sync"

type Node struct{ Attrs map[string]string }

type Client struct {
	mu   sync.Mutex
	node *Node
}

func New() *Client { return &Client{node: &Node{Attrs: map[string]string{}}} }

func (c *Client) Set(k string) { c.mu.Lock(); c.node.Attrs[k] = "x"; c.mu.Unlock() }
func (c *Client) Del(k string) { c.mu.Lock(); delete(c.node.Attrs, k); c.mu.Unlock() }
func (c *Client) Len() int     { c.mu.Lock(); defer c.mu.Unlock(); return len(c.node.Attrs) }

// Nodes that came over the wire: nobody else has them.
func Describe(n *Node) int { return len(n.Attrs) }
