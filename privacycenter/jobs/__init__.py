"""Durable background work: a row is the job, the broker only rings the bell."""
