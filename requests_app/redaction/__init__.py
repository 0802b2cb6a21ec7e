"""Hiding other people's data in a copy (GDPR Art. 15(4), 20(4)): what is hidden, how it is found in every form, what staff are shown."""
