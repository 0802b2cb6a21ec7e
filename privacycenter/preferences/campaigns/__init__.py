"""Campaigns: plain words to everybody who wants a topic by e-mail. Nothing in them tells us who reads."""
