"""The public reference of a request: random, short enough to read out, and not the primary key."""

from __future__ import annotations

import re

from privacycenter.kernel.tokens import new_code

PATTERN = re.compile(r"PR-[0-9A-Z]{4}-[0-9A-Z]{4}")


def new_reference() -> str:
    """A reference such as PR-7K3M-Q9XA: 39 random bits, so that one can't be guessed from another."""
    code = new_code(8)
    return f"PR-{code[:4]}-{code[4:]}"


def tidy_reference(text: str) -> str:
    """What a person typed as a reference in its canonical form, or an empty string where it can't be one."""
    signs = "".join(character for character in text[:64].upper() if character.isalnum() and character.isascii())
    if signs.startswith("PR"):
        signs = signs[2:]
    return f"PR-{signs[:4]}-{signs[4:]}" if len(signs) == 8 else ""
