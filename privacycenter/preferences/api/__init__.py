"""The API of choices: clients with scopes, and the signed-in person. Rooms above build their calls from the same parts."""
