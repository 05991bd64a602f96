"""A web process that was taken over: it speaks the issuer's protocol as it likes (security.md C3).

Run as the web's user, with the socket's path as argument. Reads one JSON list of attempts on
standard input, each a list of messages in hex to send on one connection of its own, and prints one
JSON list: for each attempt the replies in hex, or null where the connection ended instead. With a
message that starts with "fds" a descriptor goes along. Stands alone: the process that runs it may
read no file of the checkout.
"""

import array
import json
import socket
import sys


def ask(path, messages):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(30)
    replies = []
    try:
        connection.connect(path)
        for message in messages:
            if message.startswith("fds"):
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))
                connection.sendmsg([bytes.fromhex(message[3:])], [rights])
            else:
                connection.send(bytes.fromhex(message))
            reply = connection.recv(300_000)
            replies.append(reply.hex() if reply else None)
            if not reply:
                break
    except OSError:
        replies.append(None)
    finally:
        connection.close()
    return replies


def main():
    attempts = json.load(sys.stdin)
    print(json.dumps([ask(sys.argv[1], messages) for messages in attempts]))


if __name__ == "__main__":
    main()
