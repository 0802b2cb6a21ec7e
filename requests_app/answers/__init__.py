"""What an answer in words is made of: the grounds of a refusal, the letter, the authorities that a letter names. Plain values, no verbs."""
