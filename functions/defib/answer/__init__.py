"""Answers by a link: a page for a person, and one answer that counts once."""
