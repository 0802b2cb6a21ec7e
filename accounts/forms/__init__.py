"""Forms of the accounts room. They parse and check; verbs in accounts.domain act."""
