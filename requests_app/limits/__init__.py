"""Limits on the use of data: restriction (GDPR Art. 18), objection (Art. 21), withdrawal of consent (Art. 7(3)), children."""
