"""The work between proof and release: plan, collect from every source, render further volumes, assemble.

`worker.fulfil` carries a bundle on from wherever it stands and can be rung any number of times; sources outside this
database and PDF volumes are jobs of their own that ring it when they end. Nothing is decided here that the table of moves
(requests_app.transitions) does not have.
"""
