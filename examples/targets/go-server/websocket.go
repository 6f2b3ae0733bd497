package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"
)

// RFC 6455, as much of it as a server needs that sends text and takes replies.

const handshakeGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// closeError ends a connection with a code and a reason for the client.
type closeError struct {
	code   uint16
	reason string
}

func (e closeError) Error() string { return fmt.Sprintf("%d %s", e.code, e.reason) }

// serveWebSocket is the same stream as serveEvents, with replies on the way up.
func (h *hub) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" ||
		r.Header.Get("Sec-WebSocket-Version") != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		http.Error(w, "a WebSocket handshake of version 13 is expected here", http.StatusUpgradeRequired)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(key + handshakeGUID))
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	if err != nil {
		return
	}
	c := h.join(r.URL.Query())
	defer h.leave(c)
	// What the reading side wants written: pongs, and at last a close frame.
	control := make(chan []byte, 16)
	go func() {
		defer close(control)
		h.readFrames(buffered.Reader, c, control)
	}()
	writeFrames(conn, c, control)
	// The reading side ends with the connection; until then it must not stand before a full channel.
	conn.Close()
	for range control {
	}
}

// writeFrames is the only one that writes, until the connection fails or the other side is done.
func writeFrames(conn net.Conn, c *client, control <-chan []byte) {
	w := bufio.NewWriter(conn)
	for {
		var frame []byte
		select {
		case text := <-c.queue:
			frame = encodeFrame(opText, text)
		case next, ok := <-control:
			if !ok {
				return
			}
			frame = next
		case <-c.dropped:
			frame = closeFrame(closeError{1008, "reads too slowly"})
			_, _ = conn.Write(frame)
			return
		}
		if _, err := w.Write(frame); err != nil {
			return
		}
		// What is waiting goes out together.
		if len(c.queue) > 0 || len(control) > 0 {
			continue
		}
		if err := w.Flush(); err != nil {
			return
		}
	}
}

// readFrames takes replies until the connection ends, and sees to pings and the end.
func (h *hub) readFrames(r *bufio.Reader, c *client, control chan<- []byte) {
	for {
		op, message, err := readMessage(r, control)
		var wrong closeError
		if errors.As(err, &wrong) {
			control <- closeFrame(wrong)
			return
		}
		if err != nil {
			return
		}
		var body reply
		if op != opText || json.Unmarshal(message, &body) != nil {
			control <- closeFrame(closeError{1003, "replies are JSON texts"})
			return
		}
		// Over WebSocket there is nothing to say to a reply that nobody waits for.
		_ = h.answer(c.id, body)
	}
}

// readMessage puts fragments together. Its error is a closeError where the client has to be told.
func readMessage(r *bufio.Reader, control chan<- []byte) (op byte, message []byte, err error) {
	for {
		frame, err := readFrame(r, largestBody-len(message))
		if err != nil {
			return 0, nil, err
		}
		switch frame.op {
		case opPing:
			control <- encodeFrame(opPong, frame.payload)
			continue
		case opPong:
			continue
		case opClose:
			code := uint16(1000)
			if len(frame.payload) >= 2 {
				code = binary.BigEndian.Uint16(frame.payload)
			}
			return 0, nil, closeError{code, ""}
		case opContinuation:
			if op == 0 {
				return 0, nil, closeError{1002, "nothing to continue"}
			}
		case opText, opBinary:
			if op != 0 {
				return 0, nil, closeError{1002, "a message inside another"}
			}
			op = frame.op
		default:
			return 0, nil, closeError{1002, "unknown opcode"}
		}
		message = append(message, frame.payload...)
		if !frame.isLast {
			continue
		}
		if op == opText && !utf8.Valid(message) {
			return 0, nil, closeError{1007, "not UTF-8"}
		}
		return op, message, nil
	}
}

type frame struct {
	op      byte
	isLast  bool
	payload []byte
}

func readFrame(r *bufio.Reader, limit int) (frame, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return frame{}, err
	}
	f := frame{op: head[0] & 0x0f, isLast: head[0]&0x80 != 0}
	if head[0]&0x70 != 0 || head[1]&0x80 == 0 {
		return frame{}, closeError{1002, "a reserved bit, or no mask"}
	}
	length := uint64(head[1] & 0x7f)
	if f.op >= opClose && (length > 125 || !f.isLast) {
		return frame{}, closeError{1002, "a control frame is one, and short"}
	}
	switch length {
	case 126:
		if _, err := io.ReadFull(r, head[:2]); err != nil {
			return frame{}, err
		}
		length = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err := io.ReadFull(r, head[:8]); err != nil {
			return frame{}, err
		}
		length = binary.BigEndian.Uint64(head[:8])
	}
	if f.op < opClose && length > uint64(limit) {
		return frame{}, closeError{1009, "too big"}
	}
	var mask [4]byte
	if _, err := io.ReadFull(r, mask[:]); err != nil {
		return frame{}, err
	}
	f.payload = make([]byte, length)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, err
	}
	for i := range f.payload {
		f.payload[i] ^= mask[i&3]
	}
	return f, nil
}

// encodeFrame makes a whole frame, unmasked as those of servers are.
func encodeFrame(op byte, payload []byte) []byte {
	frame := make([]byte, 0, len(payload)+10)
	frame = append(frame, 0x80|op)
	switch length := len(payload); {
	case length < 126:
		frame = append(frame, byte(length))
	case length < 1<<16:
		frame = append(frame, 126)
		frame = binary.BigEndian.AppendUint16(frame, uint16(length))
	default:
		frame = append(frame, 127)
		frame = binary.BigEndian.AppendUint64(frame, uint64(length))
	}
	return append(frame, payload...)
}

func closeFrame(e closeError) []byte {
	return encodeFrame(opClose, append(binary.BigEndian.AppendUint16(nil, e.code), e.reason...))
}
