"""Images from their source to augmented batches on the device."""
