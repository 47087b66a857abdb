"""Networks by arithmetic: blocks, stems, layers, shapes, memory and time."""
