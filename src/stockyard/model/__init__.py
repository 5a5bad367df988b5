"""THE WORDS. What everyone may say: messages, codes, numbers and their one encoding."""
