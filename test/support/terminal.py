"""Runs a command on a pseudo terminal of its own, for tests.

    terminal.py MODE COMMAND...

MODE says which standard streams are the terminal: "all", or "none" (they are pipes of this process, and the terminal
is only the controlling one). Standard output repeats what the command prints. Standard input takes one word a line:

    fill     writes to the terminal until it takes no more, and reads it no longer; answers "filled"
    hangup   closes the terminal, as a window that closes does; answers "closed"

Prints "exit CODE" at the end of the command; CODE is negative for a signal. The first line is "pid PID".
"""

import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import threading

mode, command = sys.argv[1], sys.argv[2:]
master, slave = os.openpty()


def take_terminal():
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


streams = slave if mode == "all" else subprocess.PIPE
child = subprocess.Popen(
    command,
    stdin=slave if mode == "all" else subprocess.DEVNULL,
    stdout=streams,
    stderr=slave if mode == "all" else subprocess.STDOUT,
    preexec_fn=take_terminal,
    pass_fds=[slave],
)
say(f"pid {child.pid}")
# A test that fails ends this process alone, and the command has a session of its own.
signal.signal(signal.SIGTERM, lambda *_: (child.kill(), os._exit(1)))
output = master if mode == "all" else child.stdout.fileno()
is_reading = True


def copy():
    while is_reading:
        if not select.select([output], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(output, 65536)
        except OSError:
            return
        if not data:
            return
        sys.stdout.buffer.write(data.replace(b"\r\n", b"\n"))
        sys.stdout.flush()


def obey():
    global is_reading
    for line in sys.stdin:
        if line.strip() == "fill":
            is_reading = False
            copier.join()
            os.set_blocking(slave, False)
            try:
                while True:
                    os.write(slave, b"x" * 1024)
            except BlockingIOError:
                pass
            os.set_blocking(slave, True)
            say("\nfilled")
        elif line.strip() == "hangup":
            if mode == "all":
                is_reading = False
                copier.join()
            os.close(slave)
            os.close(master)
            say("\nclosed")


copier = threading.Thread(target=copy, daemon=True)
copier.start()
threading.Thread(target=obey, daemon=True).start()
code = child.wait()
copier.join(1)
say(f"\nexit {code}")
os._exit(0)
