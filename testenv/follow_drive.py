#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run a command in a terminal and type at it, for the player's tests.

    follow_drive.py [TEXT KEYS]... -- COMMAND...

Waits for TEXT to appear after what was waited for before, then types KEYS, and
so on. Prints all that the terminal showed. Exits as COMMAND does, or with 99
if a TEXT did not come within ten seconds, times XDP_LESSONS_PATIENCE.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

ROWS, COLUMNS = 24, 80
PATIENCE = 10 * float(os.environ.get("XDP_LESSONS_PATIENCE", "1"))   # seconds


def main():
    end = sys.argv.index("--")
    script = sys.argv[1:end]
    pid, terminal = pty.fork()
    if not pid:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        os.execvp(sys.argv[end + 1], sys.argv[end + 1:])
    shown, position = b"", 0
    deadline = time.monotonic() + PATIENCE
    while True:
        found = shown.find(script[0].encode(), position) if script else -1
        if found >= 0:
            position = found + len(script[0].encode())
            os.write(terminal, script[1].encode())
            script = script[2:]
            deadline = time.monotonic() + PATIENCE
            continue
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            break
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            break
        shown += data
    sys.stdout.write(shown.decode("utf-8", "replace").replace("\r\n", "\n"))
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if script:
        print(f"follow_drive: never came: {script[0]}")
        return 99
    return status


sys.exit(main())
