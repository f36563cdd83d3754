"""What showing a streamed answer costs the main thread of a browser, beside the seed's way of updating its state."""
