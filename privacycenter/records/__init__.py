"""What the company holds about people: forms and interactions."""
