"""Rectification (GDPR Art. 16, 19): what somebody proposes for each field, what staff decide, and what is done with it."""
