"""What ./demo runs once everything is built: the whole stack on loopback, and what to try there."""

import argparse
import signal
import sys
import time

import people
import self_test
from stack import Ports, Stack, StackError, port_in_use

DEFAULT_PORT = 8443


class Ended(Exception):
    """Ctrl-C, or somebody asked this process to end."""


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="./demo", description="A login on loopback that ends in an AWS role.")
    parser.add_argument("--self-test", action="store_true",
                        help="log in with curl, call STS with aws, and end")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, metavar="N",
                        help=f"of the bridge (default {DEFAULT_PORT}); N+1 to N+3 are used too")
    options = parser.parse_args()
    if not 1024 <= options.port <= 65000:
        parser.error("--port takes 1024 to 65000")
    return options


def ports_or_exit(options):
    if options.self_test and options.port == DEFAULT_PORT:
        return Ports()  # free ones: a demo may be running
    ports = Ports(options.port, options.port + 1, options.port + 2, options.port + 3)
    taken = [port for port in vars(ports).values() if port_in_use(port)]
    if taken:
        sys.exit(f"demo: port {taken[0]} is in use on this machine; choose another with "
                 "./demo --port N (N to N+3 must be free)")
    return ports


def say(text):
    print(f"  {text}", flush=True)


def show(stack, seconds):
    bob = people.DEMO_PASSWORDS["bob"]
    width = max(len(person.name) for person in people.PEOPLE)
    rows = "\n".join(
        f"    {person.name:<{width}}  {people.DEMO_PASSWORDS[person.name]:<{width + 5}}  "
        f"{person.what}" for person in people.PEOPLE)
    print(f"""
rolebridge is ready after {seconds:.1f} s.

  Open       {stack.url}
             (a certificate made for this run: let the browser go on, or trust
             {stack.ca_file})

  People     name and password
{rows}

  Try
    - log in as alice, choose a role, and see where AWS would have taken you
    - log in as mallory: three of her groups try for more, and she gets ReadOnly only
    - log in as bob with a wrong password, then with {bob}
    - take the role's credentials on the command line: ./demo --self-test does it with
      `aws sts assume-role-with-saml --endpoint-url {stack.aws.sts_url}`
    - the metadata an AWS administrator uploads: {stack.url}/saml/aws/metadata
    - readiness and counters: {stack.status_url}/readyz and /metrics
    - what was logged, each login and each response: tail -f {stack.folder}/log/*.log
    - the configuration of all this: {stack.config}

  The sign-in page of AWS is a stand-in at {stack.aws.origin}; no cloud is involved.
  Ctrl-C ends every process and removes {stack.folder}.
""", flush=True)


def serve(stack, started):
    show(stack, time.monotonic() - started)
    while True:
        time.sleep(1)
        for name, process in stack.processes.items():
            if not process.running():
                raise StackError(f"rolebridge-{name} has ended; its last lines:\n" +
                                 "\n".join(stack.log(name).splitlines()[-10:]))


def raise_ended(*_):
    raise Ended


def run(options):
    started = time.monotonic()
    stack = Stack(ports=ports_or_exit(options), banner=say)
    try:
        stack.start()
        if not options.self_test:
            serve(stack, started)
        return self_test.run(stack)
    finally:
        # A second Ctrl-C must not leave half of it behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.close()


def main():
    options = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_ended)
    try:
        return run(options)
    except Ended:
        print("\ndemo: ended; nothing is left running", flush=True)
        return 0
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
