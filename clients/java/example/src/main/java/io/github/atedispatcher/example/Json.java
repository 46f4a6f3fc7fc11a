package io.github.atedispatcher.example;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Converts between JSON values of the contract and Java values: null, Boolean, Double, String, List and Map. */
public final class Json {
  /** Numbers travel as doubles, which represent all integers only up to 2^53. */
  private static final long MAX_EXACT = 1L << 53;

  private Json() {}

  /**
   * Converts a Java value. A number may be any {@link Number}.
   *
   * @throws IllegalArgumentException if JSON cannot represent the value
   */
  public static Value of(Object value) {
    if (value == null) return Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build();
    if (value instanceof Boolean flag) return Value.newBuilder().setBoolValue(flag).build();
    if (value instanceof String text) return Value.newBuilder().setStringValue(text).build();
    if (value instanceof Number number) return Value.newBuilder().setNumberValue(exact(number)).build();
    if (value instanceof List<?> items) return Value.newBuilder().setListValue(list(items)).build();
    if (value instanceof Map<?, ?> fields) return Value.newBuilder().setStructValue(struct(fields)).build();
    throw new IllegalArgumentException("JSON cannot represent a " + value.getClass().getName());
  }

  /** Converts positional arguments like {@link #of}. */
  public static ListValue list(List<?> items) {
    ListValue.Builder list = ListValue.newBuilder();
    for (Object item : items) list.addValues(of(item));
    return list.build();
  }

  /** Converts keyword arguments like {@link #of}. Every key must be a String. */
  public static Struct struct(Map<?, ?> fields) {
    Struct.Builder struct = Struct.newBuilder();
    fields.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) throw new IllegalArgumentException("a JSON key is a String, not " + key);
          struct.putFields(name, of(value));
        });
    return struct.build();
  }

  /** Converts to a Java value. */
  public static Object from(Value value) {
    return switch (value.getKindCase()) {
      case BOOL_VALUE -> value.getBoolValue();
      case NUMBER_VALUE -> value.getNumberValue();
      case STRING_VALUE -> value.getStringValue();
      case LIST_VALUE -> from(value.getListValue());
      case STRUCT_VALUE -> from(value.getStructValue());
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }

  /** Converts to a list. */
  public static List<Object> from(ListValue list) {
    List<Object> items = new ArrayList<>();
    for (Value item : list.getValuesList()) items.add(from(item));
    return items;
  }

  /** Converts to a map in the order of the message. */
  public static Map<String, Object> from(Struct struct) {
    Map<String, Object> fields = new LinkedHashMap<>();
    struct.getFieldsMap().forEach((key, value) -> fields.put(key, from(value)));
    return fields;
  }

  private static double exact(Number number) {
    double value = number.doubleValue();
    boolean isFloating = number instanceof Double || number instanceof Float;
    if (!Double.isFinite(value) || (!isFloating && Math.abs(value) > MAX_EXACT)) {
      throw new IllegalArgumentException("JSON cannot represent exactly " + number);
    }
    return value;
  }
}
