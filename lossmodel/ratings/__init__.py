"""What people said: the ratings table, who is kept and why, how far they agree, and what can be concluded."""
