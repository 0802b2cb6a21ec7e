"""The readable half of the bundle: tagged PDF files, laid out in a child process.

Callers use `client` (a renderer), `documents` (what to print) and `volumes` (where to cut). None of
these loads WeasyPrint, Django's models or another room; only the child process does the layout.
"""
