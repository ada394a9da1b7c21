"""Puts logging back as it was, for tests that configure it for the whole process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from bot.logs import QUIET


@contextmanager
def kept_logging() -> Iterator[None]:
    loggers = [logging.getLogger(), *map(logging.getLogger, QUIET)]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    try:
        yield
    finally:
        for logger, level, handlers in before:
            logger.setLevel(level)
            logger.handlers[:] = handlers
