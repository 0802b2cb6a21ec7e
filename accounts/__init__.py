"""User, profile, registration, federated log-in, security questions, age."""
