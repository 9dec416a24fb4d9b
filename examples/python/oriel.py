"""The utility process's end of an Oriel port, with nothing but Python's standard library. See docs/utility.md for the format.

    port = oriel.Port()
    port.handlers["upper"] = lambda text: text.upper()
    port.listeners["message"] = lambda value: port.post(value)
    port.serve()
"""
import fcntl
import mmap
import os
import socket
import struct

VERSION, HELLO, SEND, INVOKE, RESULT, ERROR, CANCEL = 1, 1, 2, 3, 4, 5, 6
HEADER = struct.pack("<BxxxI", VERSION, 1)
MAX_DATAGRAM, MAX_PACKET, MAX_DEPTH = 64 << 10, 64 << 20, 64
F_GET_SEALS, SEALS = 1034, 0x2 | 0x4 | 0x8  # shrink, grow, write


class Extension:
    """A value that has no type in Python: undefined, a Date, a Map … with its type and bytes."""

    def __init__(self, kind, data):
        self.kind, self.data = kind, data


def pack(v):
    """msgpack, in the forms that the port takes."""
    if v is None:
        return b"\xc0"
    if v is True or v is False:
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        if 0 <= v < 0x80:
            return struct.pack("B", v)
        return struct.pack(">Bq", 0xD3, v) if v < 1 << 63 else struct.pack(">BQ", 0xCF, v)
    if isinstance(v, float):
        return struct.pack(">Bd", 0xCB, v)
    if isinstance(v, str):
        data = v.encode()
        return (struct.pack("B", 0xA0 | len(data)) if len(data) < 32 else struct.pack(">BI", 0xDB, len(data))) + data
    if isinstance(v, (bytes, bytearray, memoryview)):
        return struct.pack(">BI", 0xC6, len(v)) + bytes(v)
    if isinstance(v, (list, tuple)):
        return struct.pack(">BI", 0xDD, len(v)) + b"".join(map(pack, v))
    if isinstance(v, dict):
        return struct.pack(">BI", 0xDF, len(v)) + b"".join(pack(str(k)) + pack(x) for k, x in v.items())
    raise TypeError(f"{type(v).__name__} cannot be sent")


class Reader:
    """Reads msgpack. It trusts no length: what is not there cannot be read."""

    def __init__(self, data, at):
        self.data, self.at = data, at

    def take(self, n):
        if n > len(self.data) - self.at:
            raise ValueError("length beyond the end")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self, n):
        return str(self.take(n), "utf-8")

    def value(self, depth=0):
        if depth > MAX_DEPTH:
            raise ValueError("nested too deep")
        b = self.number("B")
        if b < 0x80 or b >= 0xE0:
            return b if b < 0x80 else b - 256
        if b < 0x90:
            return {self.value(depth + 1): self.value(depth + 1) for _ in range(b & 15)}
        if b < 0xA0:
            return [self.value(depth + 1) for _ in range(b & 15)]
        if b < 0xC0:
            return self.text(b & 31)
        if b in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[b]
        if b <= 0xC6:
            return bytes(self.take(self.number({0xC4: ">B", 0xC5: ">H", 0xC6: ">I"}[b])))
        if b <= 0xC9:
            n = self.number({0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}[b])
            return Extension(self.number("b"), bytes(self.take(n)))
        if b <= 0xD3:
            return self.number((">f", ">d", ">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q")[b - 0xCA])
        if b <= 0xD8:
            return Extension(self.number("b"), bytes(self.take(1 << b - 0xD4)))
        if b <= 0xDB:
            return self.text(self.number({0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}[b]))
        n = self.number(">H" if b in (0xDC, 0xDE) else ">I")
        if b <= 0xDD:
            return [self.value(depth + 1) for _ in range(n)]
        return {self.value(depth + 1): self.value(depth + 1) for _ in range(n)}


class Port:
    def __init__(self):
        self.socket = socket.socket(fileno=int(os.environ.pop("ORIEL_PORT")))
        self.socket.set_inheritable(False)
        self.handlers, self.listeners = {}, {}

    def post(self, *args):
        """Sends a message; the app hears it on the process's port."""
        self.send("message", *args)

    def send(self, channel, *args):
        self._frames([SEND, channel, list(args)])

    def serve(self):
        """Says that the port is up, and answers until the app is gone."""
        self._frames([HELLO])
        while (packet := self._receive()) is not None:
            if bytes(packet[: len(HEADER)]) != HEADER:
                raise ValueError("not a packet")
            r = Reader(packet, len(HEADER))
            while r.at < len(packet):
                self._take(*r.value())

    def _take(self, kind, *rest):
        if kind == SEND:
            channel, args, *_ = rest  # what else there may be is for tracing
            if channel in self.listeners:
                self.listeners[channel](*args)
        elif kind == INVOKE:
            number, channel, args, *_ = rest
            try:
                if channel not in self.handlers:
                    self._fail(number, "Error", f"No handler registered for '{channel}'", "ERR_NO_HANDLER")
                    return
                answer = pack(self.handlers[channel](*args))
            except Exception as e:  # whatever it is, somebody waits for it
                self._fail(number, type(e).__name__, str(e), None)
                return
            self._write(b"\x93\x04" + pack(number) + answer)
        # CANCEL comes too late for a program that does one thing at a time.

    def _fail(self, number, name, message, code):
        self._frames([ERROR, number, name, message, code, None])

    def _frames(self, *frames):
        self._write(b"".join(map(pack, frames)))

    def _write(self, frames):
        packet = HEADER + frames
        if len(packet) > MAX_PACKET:
            raise ValueError("a packet may have 64 MiB")
        if len(packet) <= MAX_DATAGRAM:
            self.socket.sendall(packet)
        elif len(packet) <= 8 << 20:
            head = struct.pack("<BxxxI", 2, len(packet))
            step = MAX_DATAGRAM - len(head)
            for i in range(0, len(packet), step):
                self.socket.sendall(head + packet[i : i + step])
        else:
            fd = os.memfd_create("oriel", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            with open(fd, "wb") as f:
                f.write(packet)
                f.flush()
                fcntl.fcntl(fd, 1033, SEALS | 0x1)  # F_ADD_SEALS
                socket.send_fds(self.socket, [struct.pack("<II", 0, len(packet))], [fd])

    def _receive(self):
        """One packet, or None at the end."""
        data, fds, flags, _ = socket.recv_fds(self.socket, MAX_DATAGRAM, 1)
        if fds:
            try:
                return self._mapped(data, fds[0])
            finally:
                os.close(fds[0])
        if not data:
            return None
        if data[0] != 2:
            return data
        size, parts = struct.unpack("<I", data[4:8])[0], bytearray(data[8:])
        while len(parts) < size:
            data = self.socket.recv(MAX_DATAGRAM)
            if not data:
                return None
            parts += data[8:]
        return bytes(parts)

    @staticmethod
    def _mapped(data, fd):
        zero, size = struct.unpack("<II", data)
        if zero or size > MAX_PACKET or os.fstat(fd).st_size != size or fcntl.fcntl(fd, F_GET_SEALS) & SEALS != SEALS:
            raise ValueError("memory that is not what it should be")
        with mmap.mmap(fd, size, mmap.MAP_PRIVATE, mmap.PROT_READ) as m:
            return bytes(m)
