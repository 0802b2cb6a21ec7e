"""Sections of the person's page of a request, one module for each; each registers itself with requests_app.panels."""
