"""What the machine is and can do: device, precision, processes, compiling, memory."""
