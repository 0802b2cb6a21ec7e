"""Pages of the requests room. Thin: find what this visitor may see, call one verb, answer."""
