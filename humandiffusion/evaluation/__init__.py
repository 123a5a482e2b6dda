"""How pictures and encoders are judged. The judging networks are not ours, may be absent, and never teach."""
