"""Rights requests: tickets, clock, identity proof, fulfilment, bundles, the DPO desk."""
