"""Requests by other systems: filed for somebody who then proves it, and followed by reference."""
