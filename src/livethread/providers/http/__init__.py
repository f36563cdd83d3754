"""An HTTP/1.1 client for streams: the bytes of an answer go to whoever reads it without a turn of the loop for each."""
