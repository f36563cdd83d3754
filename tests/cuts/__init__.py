"""The cut test: viewers whose connections are cut at random bytes and resumed, and who must end with the truth."""
