"""Sections of the ticket, one module for each tool or right; each registers itself with requests_app.panels when it is imported."""
