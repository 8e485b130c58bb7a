"""What generates images: the arithmetic of the synthetic sets."""
