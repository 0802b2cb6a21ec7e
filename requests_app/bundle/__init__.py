"""The bundle: what one person is given. Pure functions over plain data; no models, no requests.

`outputs` runs one source and keeps what it gives, sealed. `assemble` makes the file of many outputs. `download` streams it,
`verification` checks it. docs/bundle.md says how anybody can check one without this software.
"""
