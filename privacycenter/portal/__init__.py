"""Home and dashboard: puts the rooms below on one page; owns no data."""
