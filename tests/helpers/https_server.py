"""An https server on this machine that answers as it is told, request by request."""

import datetime
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = http.server.BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


def make_certificate(folder: Path) -> Path:
    """Write a key and its certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Server:
    """Answers the requests with `answers` in turn, the last one again and again."""

    def __init__(self, url: str) -> None:
        """Answer nothing yet."""
        self.url = url
        self.answers: list[Answer] = []
        self.ranges: list[str | None] = []

    def answer(self, request: Handler) -> None:
        """Answer one request."""
        turn = min(len(self.ranges), len(self.answers) - 1)
        self.ranges.append(request.headers["Range"])
        self.answers[turn](request)


@contextmanager
def serve(certificate: Path) -> Iterator[Server]:
    """Start a server."""

    class Request(Handler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *_: object) -> None: ...

    daemon = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Request)
    daemon.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    daemon.socket = context.wrap_socket(daemon.socket, server_side=True)
    server = Server(f"https://127.0.0.1:{daemon.server_port}/cifar.tar.gz")
    thread = threading.Thread(target=daemon.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        daemon.shutdown()
        daemon.server_close()
        thread.join()


def send(content: bytes, *, ranges: bool = True, upto: int | None = None) -> Answer:
    """Send a file, or what is asked for of it; perhaps only up to a byte of it."""

    def answer(request: Handler) -> None:
        asked = request.headers["Range"] if ranges else None
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(content):
            request.send_error(416)
            return
        request.send_response(206 if asked else 200)
        if asked:
            request.send_header(
                "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
            )
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        request.wfile.write(content[start:upto])

    return answer


def fail(status: int) -> Answer:
    """Answer with an error."""
    return lambda request: request.send_error(status)


def send_page(request: Handler) -> None:
    """Send a page, as a network does that wants a login."""
    content = b"<html>Log in to this network</html>"
    request.send_response(200)
    request.send_header("Content-Type", "text/html; charset=utf-8")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def redirect(target: str) -> Answer:
    """Send elsewhere."""

    def answer(request: Handler) -> None:
        request.send_response(302)
        request.send_header("Location", target)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer
