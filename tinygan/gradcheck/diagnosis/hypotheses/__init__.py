"""The hypotheses, in files by what they are about, and the order in which they are tested."""
