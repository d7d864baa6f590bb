"""Runs a command in a terminal of its own: terminal.py OUTPUT COLUMNS ROWS COMMAND...

What the command writes goes to the file OUTPUT. Lines on standard input say what the user does: `size COLUMNS ROWS`,
`type TEXT`, `signal NAME`. At its end the exit code and whether the terminal's modes are as they were are printed.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def own_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def act(line, terminal, process):
    words = line.split()
    if words[0] == "size":
        resize(terminal, words[1], words[2])
        os.kill(process.pid, signal.SIGWINCH)
    elif words[0] == "type":
        os.write(terminal, words[1].encode().decode("unicode_escape").encode())
    elif words[0] == "signal":
        os.kill(process.pid, getattr(signal, words[1]))


output, columns, rows, *command = sys.argv[1:]
# As a terminal of a login has it, also where the tests run in the background of a shell.
signal.signal(signal.SIGINT, signal.SIG_DFL)
terminal, inside = pty.openpty()
resize(terminal, columns, rows)
before = termios.tcgetattr(inside)
process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, preexec_fn=own_terminal)
with open(output, "wb", buffering=0) as written:
    sources = [terminal, 0]
    while True:
        ready = select.select(sources, [], [], 0.2)[0]
        if terminal in ready:
            written.write(os.read(terminal, 65536))
        elif process.poll() is not None:
            break
        if 0 in ready:
            line = sys.stdin.buffer.raw.readline().decode()
            if line:
                act(line, terminal, process)
            else:
                sources.remove(0)
print(f"exit {process.returncode}, modes {'as before' if termios.tcgetattr(inside) == before else 'changed'}")
