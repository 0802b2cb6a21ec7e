"""Message kinds and the outbox."""
