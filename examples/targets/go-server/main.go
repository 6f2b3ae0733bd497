// Command go-server pushes to browsers over Server-Sent Events and WebSocket, with nothing but the standard
// library. It shows what a server looks like that pushbench measures: see go-server.target.mjs.
//
//	GET  /events                          a stream of what is broadcast
//	GET  /events?client_id=ID             the same; its first event says the id, then it is sent commands too
//	GET  /ws, GET /ws?client_id=ID        the same over WebSocket
//	POST /broadcast {"message":"…"}       to everybody
//	GET  /trigger?client_id=ID&message=…  a command to one client; answers with what it replies
//	POST /response {"id":"…","result":…}  that reply, with the header Client-ID
//	GET  /health
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const (
	largestBody = 1 << 20
	replyWithin = 30 * time.Second
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	hub := newHub()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /events", hub.serveEvents)
	mux.HandleFunc("GET /ws", hub.serveWebSocket)
	mux.HandleFunc("POST /broadcast", hub.serveBroadcast)
	mux.HandleFunc("GET /trigger", hub.serveTrigger)
	mux.HandleFunc("POST /response", hub.serveResponse)
	server := &http.Server{
		Addr:              "127.0.0.1:" + port,
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Printf("serving http://%s", server.Addr)
	log.Fatal(server.ListenAndServe())
}

// serveEvents is a stream of Server-Sent Events.
func (h *hub) serveEvents(w http.ResponseWriter, r *http.Request) {
	response := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache, no-transform")
	w.Header().Set("X-Accel-Buffering", "no")
	// Proxies hold back the head of an answer until there is a body.
	if _, err := io.WriteString(w, ": hello\n\n"); err != nil {
		return
	}
	c := h.join(r.URL.Query())
	defer h.leave(c)
	for {
		// What is waiting goes out together.
		for waiting := len(c.queue); waiting > 0; waiting-- {
			if err := writeEvent(w, <-c.queue); err != nil {
				return
			}
		}
		if err := response.Flush(); err != nil {
			return
		}
		select {
		case text := <-c.queue:
			if err := writeEvent(w, text); err != nil {
				return
			}
		case <-c.dropped:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// writeEvent writes a JSON text, which has no line end of its own.
func writeEvent(w io.Writer, text []byte) error {
	event := make([]byte, 0, len(text)+8)
	event = append(event, "data: "...)
	event = append(event, text...)
	event = append(event, '\n', '\n')
	_, err := w.Write(event)
	return err
}

func (h *hub) serveBroadcast(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Message string `json:"message"`
	}
	if !readJSON(w, r, &body) {
		return
	}
	h.broadcast(mustJSON(struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}{"message", body.Message}))
	w.WriteHeader(http.StatusAccepted)
}

func (h *hub) serveTrigger(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	result, err := h.ask(r.Context(), query.Get("client_id"), query.Get("message"), replyWithin)
	switch {
	case errors.Is(err, errUnknownClient):
		http.Error(w, "no client of that id is connected", http.StatusNotFound)
	case err != nil:
		http.Error(w, "the client has not replied in time", http.StatusRequestTimeout)
	default:
		w.Header().Set("Content-Type", "application/json")
		// Who has hung up by now has nobody to tell it to.
		_, _ = w.Write(result)
	}
}

func (h *hub) serveResponse(w http.ResponseWriter, r *http.Request) {
	var body reply
	if !readJSON(w, r, &body) {
		return
	}
	if err := h.answer(r.Header.Get("Client-ID"), body); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, largestBody)).Decode(into)
	if err != nil {
		http.Error(w, "the body is not the JSON that belongs here: "+err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

// mustJSON is for values that are made here, which always have a JSON text.
func mustJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
