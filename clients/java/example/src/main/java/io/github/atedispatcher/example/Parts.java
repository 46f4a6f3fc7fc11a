package io.github.atedispatcher.example;

import com.google.protobuf.CodedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/** Splits lists into messages of at most 64 KiB, which every server accepts. */
final class Parts {
  /** The size of a message that every server accepts, less a margin for what surrounds the lists. */
  static final int ROOM = (64 << 10) - 512;

  private static final int MAX_TOPIC_BYTES = 255;
  private static final int MAX_ID_BYTES = 128;

  private Parts() {}

  /** Splits a list so that the encoded sizes of each part sum to at most {@link #ROOM}; at least one part. */
  static <T> List<List<T>> of(List<T> items, ToIntFunction<T> size) {
    List<List<T>> parts = new ArrayList<>();
    List<T> part = new ArrayList<>();
    int bytes = 0;
    for (T item : items) {
      int more = size.applyAsInt(item) + 8;
      if (!part.isEmpty() && bytes + more > ROOM) {
        parts.add(part);
        part = new ArrayList<>();
        bytes = 0;
      }
      part.add(item);
      bytes += more;
    }
    parts.add(part);
    return parts;
  }

  /** Returns the encoded size of a topic in a list. */
  static int sizeOf(String topic) {
    return CodedOutputStream.computeStringSizeNoTag(topic);
  }

  /** Refuses an id and topics that can never fit, because the server would end the session for them. */
  static void check(String id, List<String> topics) {
    check("id", id, MAX_ID_BYTES);
    for (String topic : topics) check("topic", topic, MAX_TOPIC_BYTES);
  }

  private static void check(String name, String text, int maxBytes) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > maxBytes) throw new IllegalArgumentException(name + " has " + bytes + " bytes; use at most " + maxBytes);
  }
}
