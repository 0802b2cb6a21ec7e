"""Pages of the accounts room. Thin: parse, call one verb, answer."""
