package io.github.atedispatcher.example;

import io.github.atedispatcher.v1.Cursor;
import io.github.atedispatcher.v1.Gap;
import io.github.atedispatcher.v1.GapReason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a listener stands in each topic: decides what is new, and where to resume. On one stream positions only rise, so
 * one that falls begins a new epoch; one that an earlier stream brought already is a repetition.
 */
final class Cursors {
  /** Beyond so many topics the longest silent one is forgotten: it does not resume, and loses nothing else. */
  private static final int MAX_TOPICS = 1_000;

  private final Map<String, Position> positions =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Position> eldest) {
          return size() > MAX_TOPICS;
        }
      };

  /** Where to resume on a new stream. */
  List<Cursor> claim() {
    positions.values().forEach(position -> position.isClaim = true);
    return positions.entrySet().stream()
        .map(
            entry ->
                Cursor.newBuilder()
                    .setTopic(entry.getKey())
                    .setEpoch(entry.getValue().epoch)
                    .setSequence(entry.getValue().taken)
                    .build())
        .toList();
  }

  /** Notes where topics begin on a new stream. */
  void begin(List<Cursor> begins) {
    positions.values().forEach(position -> position.passed = position.taken);
    begins.forEach(this::stand);
  }

  /** Notes where a topic stands: nothing at or below will still arrive. */
  void stand(Cursor stand) {
    Position position = positions.get(stand.getTopic());
    if (position == null || !(position.epoch.isEmpty() || position.epoch.equals(stand.getEpoch()))) {
      position = new Position();
      positions.put(stand.getTopic(), position);
    }
    position.epoch = stand.getEpoch();
    position.isClaim = false;
    position.pass(stand.getSequence());
  }

  /** Whether a delivery is new; if so it is taken. Those without a position always are. */
  boolean take(String topic, long sequence) {
    if (sequence == 0) return true;
    Position position = positions.computeIfAbsent(topic, name -> new Position());
    if (sequence <= position.passed) {
      position.epoch = "";
      position.taken = 0;
    }
    position.passed = sequence;
    if (sequence <= position.taken) return false;
    position.taken = sequence;
    return true;
  }

  /** Notes what is lost. */
  void skip(Gap gap) {
    Position position = positions.computeIfAbsent(gap.getTopic(), name -> new Position());
    // Where the new epoch stands may have been told before.
    if (gap.getReason() == GapReason.GAP_REASON_EPOCH_CHANGED && position.isClaim) positions.remove(gap.getTopic());
    else position.taken = Math.max(position.taken, gap.getTo());
  }

  private static final class Position {
    /** Empty while the server has not told; it never matches, and is answered with a gap. */
    String epoch = "";

    /** The highest that was taken, on whatever stream. */
    long taken;

    /** Where the present stream is. */
    long passed;

    /** Whether this is only what is resumed from, and the present stream has not confirmed it. */
    boolean isClaim;

    void pass(long sequence) {
      taken = Math.max(taken, sequence);
      passed = Math.max(passed, sequence);
    }
  }
}
