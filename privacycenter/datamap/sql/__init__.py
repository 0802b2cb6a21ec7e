"""The `sql` connector: sources of personal data in any database that SQLAlchemy reaches, configured without code."""
