"""The original report's claims, and the checks that decide them."""
