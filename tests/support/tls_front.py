#!/usr/bin/python3
"""TLS of one version and no other, before a server's unix socket: tls_front.py CERT KEY VERSION SOCKET

Prints its port on the loopback interface. Each line that it reads is answered by another: how many
handshakes ended well, and how many bytes came through them. Ends with its input.
"""

import socket
import ssl
import sys
import threading

handshakes = received = 0
lock = threading.Lock()


def copy(source, sink, count):
    global received
    try:
        while data := source.recv(65536):
            if count:
                with lock:
                    received += len(data)
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(plain, context, path):
    global handshakes
    try:
        client = context.wrap_socket(plain, server_side=True)
    except OSError:
        plain.close()
        return
    with lock:
        handshakes += 1
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    threading.Thread(target=copy, args=(server, client, False), daemon=True).start()
    copy(client, server, True)


def accept(listener, context, path):
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=serve, args=(plain, context, path), daemon=True).start()


def main():
    certificate, key, version, path = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL has TLS 1.1 only where nothing is demanded of the algorithms.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(listener, context, path), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    for _ in sys.stdin:
        with lock:
            print(handshakes, received, flush=True)


if __name__ == "__main__":
    main()
