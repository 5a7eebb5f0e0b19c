"""What the benchmarks of the neighbour engine share: tables, peers, environments, rounds."""
