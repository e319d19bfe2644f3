"""A mail server that answers as a test tells it to."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from types import TracebackType


@dataclass
class SmtpServer:
    """Accepts every mail unless ``answers`` says otherwise: the verb of a command to the line that answers it.

    ``None`` as an answer means silence: the conversation hangs.
    """

    answers: dict[str, str | None] = field(default_factory=dict)
    mails: list[Message] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> SmtpServer:
        outer = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _converse(self, outer)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def _converse(conversation: socketserver.StreamRequestHandler, server: SmtpServer) -> None:
    def say(line: str) -> None:
        conversation.wfile.write(f"{line}\r\n".encode())

    say("220 test")
    while line := conversation.rfile.readline():
        verb = line.split(b" ")[0].strip().decode().upper()
        answer = server.answers.get(verb, "354 go" if verb == "DATA" else "221 bye" if verb == "QUIT" else "250 ok")
        if answer is None:
            server.released.wait()
            return
        say(answer)
        if verb == "DATA" and answer.startswith("354"):
            server.mails.append(message_from_bytes(_body(conversation)))
            say(server.answers.get(".", "250 kept") or "")
        if verb == "QUIT":
            return


def _body(conversation: socketserver.StreamRequestHandler) -> bytes:
    lines = []
    while (line := conversation.rfile.readline()) not in {b".\r\n", b""}:
        lines.append(line)
    return b"".join(lines)
