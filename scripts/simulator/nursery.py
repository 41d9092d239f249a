# SPDX-License-Identifier: Apache-2.0
"""Starts simulators on demand, each a fork of one process: what takes long, imports and RSA keys, is done once."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from . import authority

# As many as a simulator with its instances and logins begins with, and some for the keys that it issues.
SPARE_KEYS = 6


def serve(play: Callable[[list[str]], None]) -> None:
    """Reads requests from standard input, one JSON object a line, until it ends; then every simulator ends, too.

    `{"start": ["--empty", …]}` starts a simulator with these arguments, whose line of facts is printed with its
    `number`; `failed` stands there in place of the facts if it does not start. `{"end": 7}` ends number 7, of
    which nothing is printed. `play` is a simulator, which ends with its standard input.
    """
    # Ready before the first fork, or every child would do it.
    from . import platform  # noqa: F401

    authority.stock(SPARE_KEYS)
    children: dict[int, tuple[int, int]] = {}
    number = 0
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            number += 1
            facts = _start(play, request["start"], number, children)
            print(json.dumps({"number": number, **(json.loads(facts) if facts else {"failed": True})}), flush=True)
        elif "end" in request:
            _end(*children.pop(request["end"]))
    for process, pipe in children.values():
        _end(process, pipe)


def _end(process: int, pipe: int) -> None:
    os.close(pipe)
    os.waitpid(process, 0)


def _start(
    play: Callable[[list[str]], None], arguments: list[str], number: int, children: dict[int, tuple[int, int]]
) -> bytes:
    """Forks, notes the child with the pipe that keeps it alive, and gives the line that it prints."""
    told, tell = os.pipe()
    ear, pipe = os.pipe()
    process = os.fork()
    if process:
        os.close(ear)
        os.close(tell)
        children[number] = (process, pipe)
        with os.fdopen(told, "rb") as facts:
            return facts.readline()
    status = 1
    try:
        # A sibling lives as long as anybody holds its pipe.
        for descriptor in (pipe, told, *(one for _, one in children.values())):
            os.close(descriptor)
        os.dup2(ear, 0)
        os.dup2(tell, 1)
        os.close(ear)
        os.close(tell)
        play(arguments)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(status)
