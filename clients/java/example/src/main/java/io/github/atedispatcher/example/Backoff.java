package io.github.atedispatcher.example;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Delays between attempts to connect: 100 ms at first, each 1.6 times longer, at most 10 s, with a jitter of 20 %. */
final class Backoff {
  private static final double INITIAL_DELAY_MS = 100;
  private static final double MAX_DELAY_MS = 10_000;
  private static final double MULTIPLIER = 1.6;
  private static final double JITTER = 0.2;

  private double delayMs = INITIAL_DELAY_MS;

  /** Returns the delay before the next attempt. */
  Duration next() {
    double jitter = 1 + JITTER * ThreadLocalRandom.current().nextDouble(-1, 1);
    long millis = Math.round(delayMs * jitter);
    delayMs = Math.min(delayMs * MULTIPLIER, MAX_DELAY_MS);
    return Duration.ofMillis(millis);
  }

  /** Makes 100 ms the next delay. */
  void reset() {
    delayMs = INITIAL_DELAY_MS;
  }
}
