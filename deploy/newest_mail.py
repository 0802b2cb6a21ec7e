"""Print the newest mail under var/mail as a person would read it: from, to, subject, text."""

from __future__ import annotations

import os
import sys
from email import message_from_string
from email.message import EmailMessage
from email.policy import default as modern_policy
from pathlib import Path

FOLDER = Path(os.environ.get("VAR_DIR", Path(__file__).resolve().parent.parent / "var")) / "mail"
SEPARATOR = "-" * 79 + "\n"  # Django's file backend writes it after each message


def newest() -> EmailMessage | None:
    """The mail written last, or None."""
    files = sorted(FOLDER.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    if not files:
        return None
    texts = [text for text in files[-1].read_text(encoding="utf-8").split(SEPARATOR) if text.strip()]
    message: EmailMessage = message_from_string(texts[-1], policy=modern_policy)
    return message


def main() -> int:
    message = newest()
    if message is None:
        sys.stderr.write(f"No mail yet in {FOLDER}\n")
        return 1
    body = message.get_body(preferencelist=("plain",))
    headers = "".join(f"{name}: {message[name]}\n" for name in ("From", "To", "Subject", "Date"))
    sys.stdout.write(f"{headers}\n{body.get_content() if body else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
