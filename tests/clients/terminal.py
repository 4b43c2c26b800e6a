r"""Runs a program at a terminal of its own, as a person would sit before it.

Reads one JSON object from standard input: `program`, `arguments`, `environment` (all of it), `columns`,
`piped` (whether standard output is a pipe, as in `program | other`) and `steps`: `[text, keys]` pairs.
The keys are typed once the text has been shown since the last keys were typed; a step without a text
types at once, and one without keys only waits. The last key may be `\1`, which nobody types: SIGTERM.
Then the program has to end.

Prints one JSON object: `screen` (all that the terminal showed), `stdout` (of a piped one), `code` (negative
of a signal), `echo` (whether the terminal showed what was typed at each step) and `sane` (whether it shows
it, takes lines and heeds Ctrl-C when the program has ended); or `error` where a text was not shown or the
program did not end, with what was shown so far.
"""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

# How long a text, or the end, may take: a busy machine runs a program not optimised.
PATIENCE = 60

task = json.load(sys.stdin)
ours, theirs = pty.openpty()
# A hundred lines, so that nothing scrolls away.
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 100, task.get("columns", 100), 0, 0))
pipe_read, pipe_write = os.pipe()


def terminal_is_its_own():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


program = subprocess.Popen(
    [task["program"], *task["arguments"]],
    env=task["environment"],
    stdin=theirs,
    stdout=pipe_write if task.get("piped") else theirs,
    stderr=theirs,
    start_new_session=True,
    preexec_fn=terminal_is_its_own,
)
os.close(pipe_write)

screen = b""
stdout = b""
seen = 0
echo = []


def flags():
    return termios.tcgetattr(theirs)[3]


def read(seconds):
    """Takes what has come, waiting for something at most so long; whether something had."""
    global screen, stdout
    came = False
    sources = [ours] + ([pipe_read] if pipe_read is not None else [])
    for source in select.select(sources, [], [], seconds)[0]:
        data = os.read(source, 65536)
        came = came or bool(data)
        if source == ours:
            screen += data
        else:
            stdout += data
            if not data:
                close_pipe()
    return came


def close_pipe():
    global pipe_read
    os.close(pipe_read)
    pipe_read = None


def report(**members):
    shown = screen.decode(errors="replace").replace("\r\n", "\n")
    json.dump({"screen": shown, "stdout": stdout.decode(errors="replace"), "echo": echo, **members}, sys.stdout)
    sys.exit(0)


def give_up(error):
    program.kill()
    program.wait()
    report(error=error)


for text, keys in task["steps"]:
    deadline = time.monotonic() + PATIENCE
    while text and text.encode() not in screen[seen:].replace(b"\r\n", b"\n"):
        ended = program.poll() is not None
        came = read(0.05)
        if ended and not came:
            give_up(f"it ended before it had shown {text!r}")
        if time.monotonic() > deadline:
            give_up(f"it has not shown {text!r}")
    if keys is None:
        continue
    # A question is shown a moment before its terminal stops showing what is typed: what is typed too soon
    # would be seen, and by some thrown away. A person is slower than that.
    if keys.startswith("\0"):
        keys = keys[1:]
        while flags() & termios.ECHO:
            read(0.01)
            if program.poll() is not None or time.monotonic() > deadline:
                give_up(f"what is typed after {text!r} would be shown")
    seen = len(screen)
    echo.append(bool(flags() & termios.ECHO))
    os.write(ours, keys.removesuffix("\1").encode())
    if keys.endswith("\1"):
        program.terminate()

deadline = time.monotonic() + PATIENCE
while program.poll() is None:
    read(0.05)
    if time.monotonic() > deadline:
        give_up("it has not ended")
while read(0.05):
    pass
wanted = termios.ECHO | termios.ICANON | termios.ISIG
report(code=program.returncode, sane=flags() & wanted == wanted)
