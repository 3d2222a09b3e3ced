"""The socket to the bridge: one JSON object a line, a request and its reply strictly in turn."""
from __future__ import annotations

import json
import os
import queue
import socket
import sys
import threading
import weakref
from typing import Any, Callable, Dict, Optional, Union

from .errors import SuperfactoryError

LINE_BYTES_MAX = 4 * 1024 * 1024
"""The longest line either side sends: a table of about 40,000 tensors at 100 bytes each."""

LINES_HELD_MAX = 64
"""Lines read and not yet taken; the bridge sends at most one unasked between two requests."""

GRACE_SECONDS = 5.0
"""How long a loop may take to end by itself once the bridge is gone, where it was waiting for the bridge."""

CLOSED = "the bridge closed its connection: this island's run cannot go on"

Message = Dict[str, Any]
Answerer = Callable[[Message], Optional[Message]]


class BridgeChannel:
    """A connection to the bridge, watched by a thread: when the bridge goes, the process ends.

    Requests are made by one thread at a time.
    """

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError as error:
            raise SuperfactoryError(
                f"the bridge cannot be reached at {path} ({error.strerror}): is this process part of a gang?") from None
        close_in_children(self._socket)
        self._lines: "queue.Queue[Union[Message, SuperfactoryError]]" = queue.Queue(LINES_HELD_MAX)
        self._waiting = False
        self._closed = False
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name="superfactory-bridge", daemon=True)
        self._reader.start()

    def request(self, message: Message, answer: Optional[Answerer] = None) -> Message:
        """Sends ``message`` and returns the reply. ``answer`` is asked about what the bridge wants in between;
        it returns what to send back, or None where it does not know the message."""
        self._waiting = True
        try:
            self.send(message)
            return self._take(answer, block=True)
        finally:
            self._waiting = False

    def wait(self, answer: Optional[Answerer] = None) -> Message:
        """The reply to something that was sent before."""
        self._waiting = True
        try:
            return self._take(answer, block=True)
        finally:
            self._waiting = False

    def poll(self, answer: Optional[Answerer] = None) -> Message:
        """The reply to something that was sent before, where it is here; an empty message otherwise."""
        return self._take(answer, block=False)

    def _take(self, answer: Optional[Answerer], block: bool) -> Message:
        while True:
            try:
                line = self._lines.get(block)
            except queue.Empty:
                return {}
            if isinstance(line, SuperfactoryError):
                raise line
            if line.get("type") == "failed":
                raise SuperfactoryError(str(line.get("reason", "the bridge gave no reason")))
            between = answer(line) if answer is not None else None
            if between is None:
                return line
            self.send(between)

    def send(self, message: Message) -> None:
        """Sends a message that has no reply."""
        line = json.dumps(message, separators=(",", ":")).encode("utf-8") + b"\n"
        if len(line) > LINE_BYTES_MAX:
            raise SuperfactoryError(
                f"a '{message.get('type')}' message of {len(line)} bytes is longer than the {LINE_BYTES_MAX} allowed")
        try:
            self._socket.sendall(line)
        except OSError:
            if not self._waiting:
                raise SuperfactoryError(CLOSED) from None

    def close(self) -> None:
        """Leaves in good order; nothing is watched any more."""
        self._closed = True
        self._ended.set()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._closed = True  # the other side was quicker
        self._socket.close()

    def _read(self) -> None:
        reason, told = CLOSED, False
        try:
            with self._socket.makefile("rb") as file:
                while True:
                    line = file.readline(LINE_BYTES_MAX + 1)
                    if not line.endswith(b"\n"):
                        break
                    message = json.loads(line)
                    if message.get("type") == "failed":
                        reason, told = str(message.get("reason", reason)), True
                    self._lines.put(message)
        except (OSError, ValueError) as error:
            reason = f"the connection to the bridge broke ({error}): this island's run cannot go on"
        if not self._closed:
            self._lost(reason, told)

    def _lost(self, reason: str, told: bool) -> None:
        if self._waiting or told:
            # The loop hears of it in its own thread, by an exception. Should that not end the process, this does.
            if not told:
                self._lines.put(SuperfactoryError(reason))
            self._ended.wait(GRACE_SECONDS)
        if not self._closed:
            end_process(reason)


def close_in_children(connection: socket.socket) -> None:
    """Keeps processes that are forked later, a DataLoader's workers for example, from holding ``connection`` open: its
    closing tells the other end that this process has ended."""
    reference = weakref.ref(connection)

    def close() -> None:
        held = reference()
        if held is not None and held.fileno() >= 0:
            os.close(held.detach())

    os.register_at_fork(after_in_child=close)


def end_process(reason: str) -> None:
    """Ends this process with exit code 1, whatever its threads do."""
    sys.stderr.write(f"superfactory: {reason}\n")
    sys.stderr.flush()
    os._exit(1)
