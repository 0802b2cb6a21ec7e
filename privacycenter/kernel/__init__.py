"""Clock, actor, hashing, encryption, tokens, streams, the source registry. No models."""
