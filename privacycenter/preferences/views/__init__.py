"""Pages of the room. Thin: find what the visitor or the link may do, call one verb, answer."""
