package io.github.atedispatcher.example;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pauses between tries: 100 ms at first, then 1.6 times longer each, 10 s at most, give or take 20 % at random. */
final class Backoff {
  private static final double FIRST_MS = 100;
  private static final double LONGEST_MS = 10_000;
  private static final double MULTIPLIER = 1.6;
  private static final double JITTER = 0.2;

  private double delayMs = FIRST_MS;

  /** How long to wait before the next try. */
  Duration next() {
    double jitter = 1 + JITTER * ThreadLocalRandom.current().nextDouble(-1, 1);
    long millis = Math.round(delayMs * jitter);
    delayMs = Math.min(delayMs * MULTIPLIER, LONGEST_MS);
    return Duration.ofMillis(millis);
  }

  /** Begins anew with the first pause. */
  void reset() {
    delayMs = FIRST_MS;
  }
}
