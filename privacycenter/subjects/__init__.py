"""Who a person is: subject and identifiers, with or without an account."""
