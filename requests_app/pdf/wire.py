"""The frames on the pipes between caller and child. Numbers are big-endian."""

from __future__ import annotations

import struct

REQUEST = struct.Struct(">QI")
"""Length of the document that follows, CPU seconds it may use."""
ANSWER = struct.Struct(">BQQ")
"""Status, bytes of memory the child holds, length of what follows: the PDF, or the name of an error's class."""
DONE, FAILED = 0, 1
