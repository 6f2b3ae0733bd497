package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"time"
)

// queueLength is how far a client may fall behind. One that falls further is sent away, so that it neither
// holds up the others nor fills the memory.
const queueLength = 1024

var (
	errUnknownClient = errors.New("no client of that id is connected")
	errNobodyWaits   = errors.New("nobody waits for a reply of that id from this client")
	errNoReply       = errors.New("the client has not replied")
)

// client is one connection, whatever the protocol.
type client struct {
	id string
	// queue holds JSON texts that are not written yet.
	queue chan []byte
	// dropped is closed when the hub gives it up.
	dropped chan struct{}
	once    sync.Once
}

func (c *client) send(text []byte) {
	select {
	case c.queue <- text:
	default:
		c.once.Do(func() { close(c.dropped) })
	}
}

// reply is what a client sends back. Its id is that of the command, so that a late one is never taken for
// the reply to another.
type reply struct {
	ID     string          `json:"id"`
	Result json.RawMessage `json:"result"`
}

type waiting struct {
	client *client
	result chan json.RawMessage
}

type hub struct {
	mu      sync.RWMutex
	clients map[*client]struct{}
	// byID holds the last connection of each id: one that comes back takes the place of the one before,
	// which may not have noticed yet that it is gone.
	byID     map[string]*client
	commands map[string]waiting
}

func newHub() *hub {
	return &hub{
		clients:  map[*client]struct{}{},
		byID:     map[string]*client{},
		commands: map[string]waiting{},
	}
}

// join adds a client. Where the query has a client_id, the first message says it, or makes one up.
func (h *hub) join(query url.Values) *client {
	c := &client{queue: make(chan []byte, queueLength), dropped: make(chan struct{})}
	if query.Has("client_id") {
		if c.id = query.Get("client_id"); c.id == "" {
			c.id = newID()
		}
		c.send(mustJSON(struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		}{"client_id", c.id}))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[c] = struct{}{}
	if c.id != "" {
		h.byID[c.id] = c
	}
	return c
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
	if h.byID[c.id] == c {
		delete(h.byID, c.id)
	}
}

// broadcast sends a JSON text to everybody; it is made once, and waits for nobody.
func (h *hub) broadcast(text []byte) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.clients {
		c.send(text)
	}
}

// ask sends a command to one client and waits for its reply.
func (h *hub) ask(ctx context.Context, clientID, message string, within time.Duration) ([]byte, error) {
	id := newID()
	result := make(chan json.RawMessage, 1)
	h.mu.Lock()
	c, ok := h.byID[clientID]
	if ok {
		h.commands[id] = waiting{client: c, result: result}
	}
	h.mu.Unlock()
	if !ok {
		return nil, errUnknownClient
	}
	defer func() {
		h.mu.Lock()
		delete(h.commands, id)
		h.mu.Unlock()
	}()
	c.send(mustJSON(struct {
		ID      string `json:"id"`
		Method  string `json:"method"`
		Message string `json:"message"`
	}{id, "message", message}))
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case text := <-result:
		return text, nil
	case <-timer.C:
	case <-c.dropped:
	case <-ctx.Done():
	}
	return nil, errNoReply
}

// answer takes a reply of a client to whoever waits for it.
func (h *hub) answer(clientID string, r reply) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.byID[clientID]
	if !ok {
		return errUnknownClient
	}
	command, ok := h.commands[r.ID]
	if !ok || command.client != c {
		return errNobodyWaits
	}
	// The first reply counts, and there is room for one.
	delete(h.commands, r.ID)
	command.result <- r.Result
	return nil
}

func newID() string {
	var bytes [16]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		panic(err)
	}
	return hex.EncodeToString(bytes[:])
}
