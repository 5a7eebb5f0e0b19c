"""CPU seconds of a fit alone, as its progress tells them."""

import time


class Clock:
    """A progress callback that takes the CPU time from the start of the fit to the sampling."""

    def __init__(self) -> None:
        self.start = time.process_time()
        self.fit_s = 0.0

    def __call__(self, stage: str, share: float) -> None:
        """Take the time when sampling is first heard of."""
        if stage.startswith("sampling") and not self.fit_s:
            self.fit_s = time.process_time() - self.start
