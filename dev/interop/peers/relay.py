"""A TCP relay that counts: clients connect to it, it connects to a server, and every byte each way is added up.

It parses nothing. It exists because no foreign library tells a program whether a message came compressed;
the number of bytes that crossed the wire does.
"""

import socket
import threading


class Relay:
    """Listens on a port of its own until `close`; `sent` and `received` are bytes as the client sees them."""

    def __init__(self, server_port):
        self._server = ("127.0.0.1", server_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port = self._listener.getsockname()[1]
        self.sent = 0
        self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
            except OSError:
                return
            self._sockets += [client, server]
            for source, sink, direction in ((client, server, "sent"), (server, client, "received")):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._copy, args=(source, sink, direction), daemon=True).start()

    def _copy(self, source, sink, direction):
        # One thread writes each counter of a connection, and a client of a case opens one connection.
        try:
            while data := source.recv(65536):
                setattr(self, direction, getattr(self, direction) + len(data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        for end in self._sockets:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
