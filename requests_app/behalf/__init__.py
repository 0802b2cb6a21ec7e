"""Requests for somebody else: a guardian for a child, an agent for whoever asked them to, those entitled for somebody who has died."""
