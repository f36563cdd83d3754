"""What a token costs between a model API and a reader, beside the peers, in one run on one machine."""
