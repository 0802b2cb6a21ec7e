"""Portability straight to another controller (GDPR Art. 20(2)): receivers, what the person chooses, and the upload."""
