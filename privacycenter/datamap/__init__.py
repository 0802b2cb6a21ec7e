"""What is held and why: purposes, recipients, retention rules, connectors."""
