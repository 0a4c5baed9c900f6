"""What an assessor sees: consent, instructions, trials, thanks."""
