package io.github.atedispatcher.example;

import io.github.atedispatcher.v1.Cursor;
import io.github.atedispatcher.v1.Gap;
import io.github.atedispatcher.v1.GapReason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The position of a listener in each topic: decides which deliveries are new, and where to resume.
 *
 * <p>On one stream, the sequences of a topic only rise within an epoch. So a sequence that does not rise starts a new
 * epoch, and one that rises but was accepted from an earlier stream is a duplicate.
 */
final class Cursors {
  /** Beyond this count, the topic without an access for the longest time is evicted: it no longer resumes. */
  private static final int MAX_TOPICS = 10_000;

  private final Map<String, Position> positions =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Position> eldest) {
          return size() > MAX_TOPICS;
        }
      };

  /** Returns the cursors at which a new stream resumes. */
  List<Cursor> resumePoints() {
    positions.values().forEach(position -> position.isUnconfirmed = true);
    return positions.entrySet().stream()
        .map(
            entry ->
                Cursor.newBuilder()
                    .setTopic(entry.getKey())
                    .setEpoch(entry.getValue().epoch)
                    .setSequence(entry.getValue().accepted)
                    .build())
        .toList();
  }

  /** Applies the cursors at which a new stream starts. */
  void beginStream(List<Cursor> starts) {
    positions.values().forEach(position -> position.received = position.accepted);
    starts.forEach(this::advance);
  }

  /** Applies a cursor that the server reports: no delivery at or below it follows. */
  void advance(Cursor cursor) {
    Position position = positions.get(cursor.getTopic());
    if (position == null || !(position.epoch.isEmpty() || position.epoch.equals(cursor.getEpoch()))) {
      position = new Position();
      positions.put(cursor.getTopic(), position);
    }
    position.epoch = cursor.getEpoch();
    position.isUnconfirmed = false;
    position.raise(cursor.getSequence());
  }

  /** Returns whether a delivery is new, and advances its topic. A delivery without a sequence (0) is always new. */
  boolean accept(String topic, long sequence) {
    if (sequence == 0) return true;
    Position position = positions.computeIfAbsent(topic, name -> new Position());
    if (sequence <= position.received) {
      position.epoch = "";
      position.accepted = 0;
    }
    position.received = sequence;
    if (sequence <= position.accepted) return false;
    position.accepted = sequence;
    return true;
  }

  /** Advances a topic past a gap. */
  void skip(Gap gap) {
    Position position = positions.computeIfAbsent(gap.getTopic(), name -> new Position());
    // A confirmed position stays: the server has already reported where the new epoch stands.
    boolean isNewEpoch = gap.getReason() == GapReason.GAP_REASON_EPOCH_CHANGED;
    if (isNewEpoch && position.isUnconfirmed) positions.remove(gap.getTopic());
    else position.accepted = Math.max(position.accepted, gap.getTo());
  }

  private static final class Position {
    /** Empty until the server announces it. The server answers an empty epoch in a request with a gap. */
    String epoch = "";

    /** The highest sequence that was handed to the caller, on any stream. */
    long accepted;

    /** The highest sequence on the current stream. */
    long received;

    /** True while the current stream was asked to resume here and has not confirmed it. */
    boolean isUnconfirmed;

    void raise(long sequence) {
      accepted = Math.max(accepted, sequence);
      received = Math.max(received, sequence);
    }
  }
}
